import { z } from 'zod';
import { fixHint } from '../../shared/protocol/fix-hint.ts';
import { withSimilarFields } from '../../shared/protocol/similar-field.ts';
import { whyNotReproducible } from '../faults/not-reproducible.ts';

/** One toxic in Toxiproxy's words: times in milliseconds, `rate` in kB/s. */
const toxicSchema = z.object({
  name: z.string().min(1).max(64).optional(),
  type: z.string(),
  stream: z.enum(['upstream', 'downstream']).default('downstream'),
  toxicity: z.number().min(0).max(1).default(1),
  attributes: z.record(z.string(), z.number()).default({}),
});
type ToxicBody = z.infer<typeof toxicSchema>;

export interface Toxic extends ToxicBody {
  readonly name: string;
}

interface Kind {
  /** Toxiproxy's attributes, all at 0 unless given. */
  readonly attributes: readonly string[];
  /** The same in our words. */
  readonly translate: (attributes: Readonly<Record<string, number>>) => Record<string, number>;
  /** Ours acts on the connection and has no stream. */
  readonly isWhole?: true;
}

const kinds: Readonly<Record<string, Kind>> = {
  latency: {
    attributes: ['latency', 'jitter'],
    translate: ({ latency = 0, jitter = 0 }) => ({ latencyMs: latency, jitterMs: jitter }),
  },
  bandwidth: { attributes: ['rate'], translate: ({ rate = 0 }) => ({ bytesPerSecond: rate * 1_000 }) },
  slow_close: { attributes: ['delay'], translate: ({ delay = 0 }) => ({ delayMs: delay }), isWhole: true },
  timeout: { attributes: ['timeout'], translate: ({ timeout = 0 }) => ({ timeoutMs: timeout }) },
  reset_peer: {
    attributes: ['timeout'],
    translate: ({ timeout = 0 }) => ({ timeoutMs: timeout }),
    isWhole: true,
  },
  limit_data: { attributes: ['bytes'], translate: ({ bytes = 0 }) => ({ bytes }) },
};

/** A toxic from outside, with Toxiproxy's defaults, over what it was before; or a sentence why not. */
export function readToxic(value: unknown, before?: Toxic): Toxic | string {
  const merged = before ? { ...before, ...onlyChanges(value, before) } : value;
  const parsed = toxicSchema.safeParse(merged, withSimilarFields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join('.') || 'the body'}: ${issue ? fixHint(issue) : 'write a toxic'}`;
  }
  const { type, stream, attributes } = parsed.data;
  const kind = kinds[type];
  if (!kind) return `${type}: ${whyNotReproducible(type) ?? `write one of ${Object.keys(kinds).join(', ')}`}`;
  const known = Object.fromEntries(kind.attributes.map((name) => [name, attributes[name] ?? 0]));
  const meaningless = Object.entries(known).find(([name, value]) => value < leastOf(name));
  if (meaningless) {
    const [name, value] = meaningless;
    return `attributes.${name} is ${value}; write at least ${leastOf(name)}`;
  }
  return { ...parsed.data, name: parsed.data.name ?? `${type}_${stream}`, attributes: known };
}

/** A line of no bytes a second never ends a packet; `rate` is in kB/s. */
const leastOf = (attribute: string) => (attribute === 'rate' ? 0.001 : 0);

/** Toxiproxy changes toxicity and attributes of a toxic, never its name, type or stream. */
function onlyChanges(value: unknown, before: Toxic) {
  const { toxicity = before.toxicity, attributes = {} } = (value ?? {}) as Partial<Toxic>;
  return { toxicity, attributes: { ...before.attributes, ...attributes } };
}

/** The fault that this toxic is on the line of one vehicle. */
export function faultOfToxic(toxic: Toxic, vin: string): object {
  const { name, type, stream, toxicity, attributes } = toxic;
  const kind = kinds[type];
  return {
    name,
    layer: 'link',
    type,
    toxicity,
    ...(kind?.isWhole ? {} : { stream }),
    attributes: kind?.translate(attributes) ?? {},
    target: { selector: { vins: [vin] } },
  };
}
