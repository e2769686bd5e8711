/** A fenced code block. */
export interface Block {
  /** `ts`, `tsx`, `js`, `json`, `bash`, `text` …; empty where the fence names none. */
  readonly language: string;
  readonly code: string;
  /** Line of its first line of code in the page, from 1. */
  readonly line: number;
  /** The file that it is: its first line is `// app.module.ts`. */
  readonly file: string | undefined;
  /** What the hidden comments before it say. */
  readonly notes: readonly Note[];
}

/** A hidden comment: `<!-- docs-test: KIND ARGUMENT`, for some with code on the lines after it. See `docs/README.md`. */
export interface Note {
  readonly kind: string;
  readonly argument: string;
  readonly code: string;
  /** Line of its first line of code in the page, from 1. */
  readonly line: number;
}

const FENCE = /^(\s*)(`{3,})(\w*)\s*$/;
const NOTE = /^<!-- docs-test: (\w+) ?(.*?)( -->)?$/;
const FILE = /^\/\/ ([\w./-]+\.[jt]sx?)$/;

/** What a page says in code. */
export interface Code {
  /** In their order, each with the hidden comments that stand directly before it. */
  readonly blocks: readonly Block[];
  /** All hidden comments. */
  readonly notes: readonly Note[];
}

export function codeOf(markdown: string): Code {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  const all: Note[] = [];
  let notes: Note[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const note = noteAt(lines, index);
    const fence = FENCE.exec(lines[index]!);
    if (note !== undefined) {
      notes.push(note);
      all.push(note);
      index = endOf(lines, index, (line) => line.endsWith('-->'));
    } else if (fence !== null) {
      const [, indent = '', ticks = '', language = ''] = fence;
      const end = endOf(lines, index + 1, (line) => line.trim() === ticks);
      blocks.push(blockOf(lines.slice(index + 1, end), indent, language, index + 2, notes));
      notes = [];
      index = end;
    } else if (lines[index]!.trim() !== '') {
      notes = [];
    }
  }
  return { blocks, notes: all };
}

/** The page without its code, for whoever looks for links and headings. */
export function proseOf(markdown: string): string {
  const lines = markdown.split('\n');
  let closing: string | undefined;
  return lines
    .filter((line) => {
      const isInside = closing !== undefined;
      if (isInside && line.trim() === closing) closing = undefined;
      else if (!isInside) closing = FENCE.exec(line)?.[2];
      return !isInside && closing === undefined;
    })
    .join('\n')
    .replaceAll(/<!--.*?-->/gs, '');
}

/** The rows of the first table under a heading, by the names in its head. Cells keep their text, without backticks. */
export function tableUnder(markdown: string, heading: string): Record<string, string>[] {
  const lines = proseOf(markdown).split('\n');
  const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  const first = start === -1 ? -1 : lines.findIndex((line, index) => index > start && line.startsWith('|'));
  if (first === -1) throw new Error(`there is no table under "${heading}"`);
  const last = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  const [head = [], , ...rows] = lines.slice(first, last === -1 ? undefined : last).map(cellsOf);
  return rows.map((cells) => Object.fromEntries(head.map((name, column) => [name, cells[column] ?? ''])));
}

function noteAt(lines: readonly string[], index: number): Note | undefined {
  const [, kind, argument = '', closed] = NOTE.exec(lines[index]!) ?? [];
  if (kind === undefined) return undefined;
  const end = closed === undefined ? endOf(lines, index, (line) => line.endsWith('-->')) : index;
  return { kind, argument, code: lines.slice(index + 1, end).join('\n'), line: index + 2 };
}

function endOf(lines: readonly string[], from: number, isEnd: (line: string) => boolean): number {
  const end = lines.findIndex((line, index) => index >= from && isEnd(line));
  if (end === -1) throw new Error(`what begins in line ${from} has no end`);
  return end;
}

function blockOf(
  lines: readonly string[],
  indent: string,
  language: string,
  line: number,
  notes: readonly Note[],
): Block {
  const code = lines.map((text) => text.slice(indent.length));
  return { language, code: code.join('\n'), line, file: FILE.exec(code[0] ?? '')?.[1], notes };
}

function cellsOf(row: string): string[] {
  return row
    .replaceAll('\\|', '\u0000')
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.replaceAll('\u0000', '|').replaceAll('`', '').trim());
}
