import Mustache from 'mustache';

/** Everything that a template may name. */
export interface TemplateView {
  readonly customerName: string;
  readonly serviceName: string;
  readonly vehicleModel: string;
  readonly duration: string;
  readonly amount: string;
  readonly timestamp: string;
  readonly ticketId: string | null;
  readonly message?: string;
  readonly workshop?: string;
  readonly appointment?: string;
  readonly settleBy?: string;
  readonly activeUntil?: string;
  readonly reference?: string;
  readonly contact: string;
  readonly link: string;
  /** Sections for what differs by the moment at which the money is taken, and by the state of a dispute. */
  readonly onDelivery: boolean;
  readonly isHeldByBank: boolean;
  readonly isDisputeLost: boolean;
  readonly isServiceActive: boolean;
  readonly endsIfLost: boolean;
  readonly immediately: boolean;
}

const names: Readonly<Record<keyof TemplateView, true>> = {
  customerName: true,
  serviceName: true,
  vehicleModel: true,
  duration: true,
  amount: true,
  timestamp: true,
  ticketId: true,
  message: true,
  workshop: true,
  appointment: true,
  settleBy: true,
  activeUntil: true,
  reference: true,
  contact: true,
  link: true,
  onDelivery: true,
  immediately: true,
  isHeldByBank: true,
  isDisputeLost: true,
  isServiceActive: true,
  endsIfLost: true,
};

export type Template = (view: TemplateView) => string;

/** A template file is missing or malformed: the sentence names it. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
}

/** Mustache's tokens: kind, value, two positions, and in sections the tokens within. */
type Token = readonly [kind: string, value: string, from: number, to: number, within?: readonly Token[]];

function checkTokens(file: string, tokens: readonly Token[]): void {
  for (const [kind, value, , , within] of tokens) {
    if (kind === 'text' || kind === '!') continue;
    // Texts are escaped by where they go, never by what a template asks for.
    if (kind !== 'name' && kind !== '#' && kind !== '^')
      throw new TemplateFault(
        `The notification template ${file} uses the tag "${kind}${value}", which is not allowed.`,
      );
    if (!Object.hasOwn(names, value))
      throw new TemplateFault(
        `The notification template ${file} names {{${value}}}, which no notification has; it may name ${Object.keys(names).join(', ')}.`,
      );
    if (Array.isArray(within)) checkTokens(file, within);
  }
}

/** Compiles one piece of a file; throws `TemplateFault` naming the file. HTML is escaped, plain text is not. */
export function compileTemplate(file: string, source: string, format: 'text' | 'html'): Template {
  const writer = new Mustache.Writer();
  try {
    checkTokens(file, writer.parse(source) as readonly Token[]);
  } catch (error) {
    if (error instanceof TemplateFault) throw error;
    throw new TemplateFault(`The notification template ${file} is malformed: ${(error as Error).message}.`);
  }
  const config = format === 'text' ? { escape: String } : {};
  return (view) => writer.render(source, view, undefined, config);
}
