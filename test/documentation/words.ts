/** Word that readers of these texts stumble over, and what to write instead. */
export type PlainWord = { readonly word: RegExp; readonly instead: string; readonly reason: string };

const actor = 'a sentence names who acts';
const metaphor = 'a metaphor has to be guessed';
const term = 'one word for one thing: the term of the field';

/** The words that comments, test titles, texts of programs and pages do not have. */
export const plainWords: readonly PlainWord[] = [
  { word: /\bnobody\b/i, instead: '"no customer", "no process", "no operator" …', reason: actor },
  {
    word: /\b(somebody|anybody|everybody)\b/i,
    instead: 'the actor: customer, operator, client …',
    reason: actor,
  },
  { word: /\bwho(so)?ever\b/i, instead: 'the actor: customer, operator, client …', reason: actor },
  {
    word: /\b(is|are|was|were|be|been) told\b/i,
    instead: '"is notified", "receives", "gets an error"',
    reason: actor,
  },
  {
    word: /\b(is|are|was|were|be|been) owed\b/i,
    instead: '"is due", "is required", "is pending"',
    reason: actor,
  },
  { word: /\b(hears?|heard) of\b/i, instead: '"receives", "learns of", "finds"', reason: actor },
  { word: /\b(came|comes) of (it|this|that|them|each)\b/i, instead: '"result", "outcome"', reason: actor },
  { word: /\bwish(es|ed)?\b/i, instead: '"request", "option"', reason: term },
  { word: /\bnews\b/i, instead: '"notification", "event"', reason: term },
  { word: /\bnotices?\b/i, instead: '"notification"; as a verb "find", "recognise"', reason: term },
  { word: /\bdeeds?\b/i, instead: '"action", "step"', reason: term },
  {
    word: /\b(trouble|troubles|troubled)\b(?! codes?)/i,
    instead: '"error", "failure", "fault"',
    reason: term,
  },
  { word: /\b(cure|cures|cured)\b/i, instead: '"fix", "fix hint"', reason: metaphor },
  { word: /\b(gives?|given|gave) back\b/i, instead: '"refund", "reverse", "release", "nak"', reason: term },
  { word: /\b(takes?|taken|took) back\b/i, instead: '"remove", "revoke", "roll back"', reason: term },
  { word: /\bfor nothing\b/i, instead: '"free of charge"; "without effect"', reason: term },
  { word: /\bworlds?\b/i, instead: '"environment", "virtual system", "run"', reason: term },
  { word: /\b(asleep|awake|wakes up)\b/i, instead: '"dormant", "active"; "offline", "online"', reason: term },
  { word: /\bfeature (that )?sleeps\b/i, instead: '"dormant"', reason: term },
  { word: /\bwitness(es)?\b/i, instead: '"evidence source"', reason: metaphor },
  { word: /\b(story|stories|scenes?|stage)\b/i, instead: '"scenario", "run", "step"', reason: metaphor },
  { word: /\bdoors?\b/i, instead: '"boundary", "on ingress", "in front of"', reason: metaphor },
  { word: /\bstrangers?\b/i, instead: '"unknown", "unmatched", "not trusted"', reason: metaphor },
  {
    word: /\b(born|hungry|purse|sufferers?)\b/i,
    instead: '"created", "due", "balance", "target"',
    reason: metaphor,
  },
  { word: /\bgoodbye\b/i, instead: '"DISCONNECT", "disconnects"', reason: metaphor },
  { word: /\bby then\b/i, instead: 'the instant, or "already"', reason: 'the reader must guess the time' },
  { word: /\bwhatever\b/i, instead: '"any", "every", "even if"', reason: 'the reader must guess the cases' },
  {
    word: /\ball that\b/i,
    instead: '"every …", or the noun itself',
    reason: 'the reader must guess the noun',
  },
  { word: /\bgo(es)? on\b/i, instead: '"continue", "resume"', reason: term },
  { word: /\bsays? so\b/i, instead: 'what is reported: "logs the limit", "reports offline"', reason: actor },
];

/** Places that may have a word, and why. `text` is a part of the line. */
export const allowedPlaces: readonly {
  readonly file: string;
  readonly text: string | RegExp;
  readonly because: string;
}[] = [
  {
    file: 'simulator/scenarios/expectation.ts',
    text: 'notices given up',
    because: 'name of an expectation in scenario files of users',
  },
  {
    file: 'simulator/reports/judged-expectation.ts',
    text: 'notices given up',
    because: 'name of an expectation in scenario files of users',
  },
];
