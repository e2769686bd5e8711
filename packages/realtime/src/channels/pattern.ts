/** What a placeholder matches, and all that a template value may hold. */
const VALUE = '[A-Za-z0-9._@-]+';
const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const LITERAL = /^\$?[A-Za-z0-9._:@/-]*$/;
const WILD = Symbol('one or more characters of a value');

/**
 * A channel pattern such as `orders:{region}`. `{x}` matches one or more characters other than `:` and `/`.
 * @throws Error where the pattern is not one.
 */
export class ChannelPattern {
  private readonly expression: RegExp;
  private readonly tokens: readonly (string | typeof WILD)[];

  constructor(readonly source: string) {
    const literals = source.split(PLACEHOLDER).filter((_, index) => index % 2 === 0);
    const names = [...source.matchAll(PLACEHOLDER)].map(([, name]) => name!);
    if (
      source === '' ||
      !LITERAL.test(literals.join('')) ||
      literals.slice(1).some((part) => part.includes('$'))
    ) {
      throw new Error(
        `"${source}" is not a channel pattern: only A-Z a-z 0-9 . _ : @ / - and {name} are allowed`,
      );
    }
    if (!/[A-Za-z0-9]/.test(literals.join('')))
      throw new Error(
        `"${source}" fits names of any kind: begin with a word of its own, such as "orders:{id}"`,
      );
    if (new Set(names).size !== names.length) throw new Error(`"${source}" names a placeholder twice`);
    if (/\}\{/.test(source))
      throw new Error(`"${source}" has two placeholders side by side: where one ends is ambiguous`);
    this.expression = new RegExp(
      `^${source.replace(/[.$/]/g, '\\$&').replace(PLACEHOLDER, `(?<$1>${VALUE})`)}$`,
    );
    this.tokens = literals.flatMap((part, index) => (index === 0 ? [...part] : [WILD, ...part]));
  }

  /** What the placeholders match, or undefined where the name does not fit. */
  match(name: string): Readonly<Record<string, string>> | undefined {
    const found = this.expression.exec(name);
    return found === null ? undefined : { ...found.groups };
  }

  /** The name with these values in the placeholders, by name or in their order; undefined where they do not fit. */
  fill(values: Readonly<Record<string, string | number>> | readonly (string | number)[]): string | undefined {
    const names = [...this.source.matchAll(PLACEHOLDER)].map(([, name]) => name!);
    const byName: Readonly<Record<string, string | number>> = Array.isArray(values)
      ? Object.fromEntries(values.map((value: string | number, index) => [names[index] ?? index, value]))
      : (values as Readonly<Record<string, string | number>>);
    const fits = (name: string): boolean =>
      Object.hasOwn(byName, name) && isTemplateValue(String(byName[name]));
    if (Object.keys(byName).length !== names.length || !names.every(fits)) return undefined;
    return this.source.replace(PLACEHOLDER, (_, name: string) => String(byName[name]));
  }

  /** True where some name fits both patterns. */
  overlaps(other: ChannelPattern): boolean {
    return intersects(this.tokens, other.tokens, 0, 0, new Set());
  }
}

/** Walks both token lists at once; a wild token consumes one character and may stay where it is. */
function intersects(
  a: readonly (string | typeof WILD)[],
  b: readonly (string | typeof WILD)[],
  i: number,
  j: number,
  seen: Set<number>,
): boolean {
  if (i >= a.length || j >= b.length) return i >= a.length && j >= b.length;
  const key = i * (b.length + 1) + j;
  if (seen.has(key)) return false;
  seen.add(key);
  const left = a[i]!;
  const right = b[j]!;
  if (!shareCharacter(left, right)) return false;
  return (
    intersects(a, b, i + 1, j + 1, seen) ||
    (left === WILD && intersects(a, b, i, j + 1, seen)) ||
    (right === WILD && intersects(a, b, i + 1, j, seen))
  );
}

function shareCharacter(left: string | typeof WILD, right: string | typeof WILD): boolean {
  if (left === WILD) return right === WILD || /[^:/$]/.test(right);
  return right === WILD ? /[^:/$]/.test(left) : left === right;
}

/** True for a text that may stand in for a placeholder. */
export function isTemplateValue(value: string): boolean {
  return new RegExp(`^${VALUE}$`).test(value);
}
