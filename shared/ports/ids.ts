/** The only source of identifiers. */
export interface Ids {
  /** A new identifier, unique for ever, `{prefix}_{26 characters}`, rising with time within one source. */
  next(prefix: IdPrefix): string;
}

/** One prefix a kind, so that an identifier tells what it names. */
export type IdPrefix =
  | 'act'
  | 'cmd'
  | 'cus'
  | 'ent'
  | 'evt'
  | 'flt'
  | 'inc'
  | 'ins'
  | 'ntc'
  | 'pay'
  | 'pur'
  | 'rec'
  | 'tkt'
  | 'tok'
  | 'trn';
