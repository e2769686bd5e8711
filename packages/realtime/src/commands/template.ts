import { RealtimeError } from '@nestwire/protocol';
import { isTemplateValue } from '../channels/pattern.js';
import { type RealtimeContext, TEMPLATE_ROOTS } from './realtime-context.js';

type Root = (typeof TEMPLATE_ROOTS)[number];

/** One `{root.path}` and the text after it. */
interface Part {
  readonly source: string;
  readonly root: Root;
  readonly path: readonly string[];
  readonly text: string;
}

const PLACEHOLDER = /\{([^{}]*)\}/;
const SEGMENT = /^[A-Za-z0-9_$]+$/;

/** A text with placeholders such as `orders:{result.region}`. */
export class Template {
  private readonly start: string;
  private readonly parts: readonly Part[];

  /** @throws Error where the text is not a template. */
  constructor(readonly source: string) {
    const [start = '', ...rest] = source.split(PLACEHOLDER);
    this.start = this.literal(start);
    // The split alternates: what is in a pair of braces, then the text after it.
    this.parts = rest.flatMap((inner, index) =>
      index % 2 === 0 ? [this.part(inner, rest[index + 1] ?? '')] : [],
    );
  }

  /**
   * The text with its values filled in.
   * @throws RealtimeError `bad_request` where a value is missing, empty, an object, or holds what a channel's placeholder would not match
   * (`:` and `/` among it). The value itself is not in the message.
   */
  render(context: RealtimeContext): string {
    return this.parts.reduce((text, part) => text + this.valueOf(part, context) + part.text, this.start);
  }

  private part(inner: string, text: string): Part {
    const [root = '', ...path] = inner.split('.');
    if (!isRoot(root) || !path.every((segment) => SEGMENT.test(segment))) {
      throw new Error(
        `"{${inner}}" in "${this.source}" must be a path that begins with one of ${TEMPLATE_ROOTS.join(', ')}`,
      );
    }
    return { source: inner, root, path, text: this.literal(text) };
  }

  private literal(text: string): string {
    if (/[{}]/.test(text)) throw new Error(`"${this.source}" has a brace without its other half`);
    return text;
  }

  private valueOf({ source, root, path }: Part, context: RealtimeContext): string {
    const value = path.reduce<unknown>(property, context[root]);
    const text = textOf(value);
    if (text !== undefined && isTemplateValue(text)) return text;
    throw new RealtimeError('bad_request', `{${source}} of "${this.source}" ${problemOf(value, text)}`);
  }
}

/** Getters of a class count: a result is often an entity. */
function property(value: unknown, name: string): unknown {
  return value === null || value === undefined ? undefined : (value as Record<string, unknown>)[name];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean' || Number.isFinite(value)) return String(value);
  return undefined;
}

function problemOf(value: unknown, text: string | undefined): string {
  if (value === undefined || value === null) return 'is missing';
  if (text === undefined)
    return typeof value === 'number' ? 'is not a number' : `is not a text but a ${typeof value}`;
  return text === '' ? 'is empty' : 'holds a character that may not stand in a name, such as : or /';
}

function isRoot(name: string): name is Root {
  return (TEMPLATE_ROOTS as readonly string[]).includes(name);
}
