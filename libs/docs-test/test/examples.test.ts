import { waitFor } from '@nestwire/harness';
import {
  allPages,
  type Block,
  comparable,
  Examples,
  freshFolder,
  hasLines,
  type Page,
  type Program,
  shown,
} from '../src/index.js';

/** Languages of what a page shows as the output of the block before. */
const OUTPUT = new Set(['text', 'http', 'json']);

/** A block that is run, and what it must print. */
interface Step {
  readonly block: Block;
  readonly listens: boolean;
  readonly expected: readonly Pick<Block, 'language' | 'code'>[];
}

const pages = allPages().filter((page) => stepsOf(page).length > 0);
let examples: Examples;

beforeAll(async () => {
  examples = await Examples.start(pages, freshFolder('run'));
}, 60_000);

afterAll(() => examples[Symbol.asyncDispose]());

it.each(pages.map((page) => [page.path, page] as const))(
  'the examples of %s print what it shows',
  async (_, page) => {
    const clients: [Step, Program][] = [];
    for (const step of stepsOf(page)) clients.push([step, await examples.run(page, step.block, step)]);
    for (const [step, client] of clients) await assertPrints(step, client);
  },
  60_000,
);

function stepsOf({ blocks }: Page): Step[] {
  return blocks.flatMap((block, index) => {
    const note = block.notes.find(({ kind }) => kind === 'run' || kind === 'listen');
    if (note === undefined) return [];
    const hidden = block.notes.filter(({ kind }) => kind === 'prints');
    const expected = [
      ...blocks
        .slice(index + 1, index + 2)
        .filter(({ language, notes }) => OUTPUT.has(language) && notes.length === 0),
      ...blocks.filter(({ notes }) => isShownBy(note.argument, notes)),
      ...hidden.map(({ code }) => ({ language: 'text', code })),
    ];
    return [{ block, listens: note.kind === 'listen', expected }];
  });
}

/** A block further on that shows the output of the client with this name. */
function isShownBy(name: string, notes: Block['notes']): boolean {
  return name !== '' && notes.some(({ kind, argument }) => kind === 'shown' && argument === name);
}

async function assertPrints({ block, expected, listens }: Step, client: Program): Promise<void> {
  if (!listens && client.child.exitCode !== 0)
    throw new Error(`line ${block.line} failed: ${client.stderr()}`);
  for (const { language, code } of expected) {
    const wanted = shown(language, code);
    const isThere = (): boolean => {
      const output = comparable(client.stdout());
      return language === 'http' ? hasLines(output, wanted.split('\n')) : output.includes(wanted);
    };
    await waitFor(isThere).catch(() => {
      const all = [comparable(client.stdout()), client.stderr(), examples.server.stderr()].join('\n');
      throw new Error(`line ${block.line} was to print\n\n${wanted}\n\nand has printed\n\n${all}`);
    });
  }
}
