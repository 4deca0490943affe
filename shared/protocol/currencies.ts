/**
 * The currencies of ISO 4217 list one (SIX, published 2024-06-25, https://www.six-group.com/en/products-services/financial-information/
 * data-standards.html), by the number of digits of their minor unit. Generated from the list in the package currency-codes 2.2.0. Codes
 * without a minor unit (metals, XDR, XXX, XTS) are left out: nothing can be sold in them.
 */
const codesByDigits: readonly (readonly [digits: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU
     CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS
     KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN
     PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
     USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG`,
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const digitsByCode: ReadonlyMap<string, number> = new Map(
  codesByDigits.flatMap(([digits, codes]) =>
    codes.split(/\s+/).map((code): [string, number] => [code, digits]),
  ),
);

/** Returns how many digits the minor unit of an ISO 4217 currency has; null for a code that ISO 4217 does not know. */
export function minorUnitDigits(currency: string): number | null {
  return digitsByCode.get(currency) ?? null;
}

/** Returns whether ISO 4217 knows the code and amounts can be stated in it. */
export function isCurrency(code: string): boolean {
  return digitsByCode.has(code);
}
