import { isEventStream, readEventStream } from '../src/transports/event-stream.js';

interface Read {
  messages: { event?: string; data: string; id?: string }[];
  retries: number[];
}

/** Reads a body that comes in pieces: text, or bytes. */
async function read(...pieces: (string | Uint8Array)[]): Promise<Read> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces)
        controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece);
      controller.close();
    },
  });
  const result: Read = { messages: [], retries: [] };
  await readEventStream(body, {
    onMessage: ({ event, data, id }) => result.messages.push({ event, data, id }),
    onRetry: (retryMs) => result.retries.push(retryMs),
    onBytes: () => undefined,
  });
  return result;
}

const dataOf = async (...pieces: (string | Uint8Array)[]) =>
  (await read(...pieces)).messages.map(({ data }) => data);

/** What the specification of EventSource asks of a reader, case by case. */
describe('the reader of event streams', () => {
  it.each<[string, string, string[]]>([
    ['ends lines with LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['ends lines with CR', 'data: a\r\rdata: b\r\r\n', ['a', 'b']],
    ['ends lines with CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['ends lines with a mixture', 'data: a\r\n\ndata: b\n\rdata: c\r\r\n', ['a', 'b', 'c']],
    ['joins several lines of data', 'data: a\ndata: b\ndata:\ndata: c\n\n', ['a\nb\n\nc']],
    [
      'takes off one space after the colon, no more',
      'data:a\n\ndata:  b\n\ndata:\tc\n\n',
      ['a', ' b', '\tc'],
    ],
    ['keeps spaces before the line ends', 'data: a  \n\n', ['a  ']],
    ['takes a field without a colon for an empty one', 'data\n\n', ['']],
    ['takes two such fields for a line break', 'data\ndata\n\n', ['\n']],
    ['keeps colons of the value', 'data: a:b: c\n\n', ['a:b: c']],
    ['passes over comments', ': a\n:\n::\ndata: b\n: c\n\n', ['b']],
    ['passes over unknown fields', 'foo: a\ndata: b\nDATA: c\n data: d\n\n', ['b']],
    ['passes over fields that only begin like one', 'datax: a\ndata: b\nxdata\n\n', ['b']],
    ['dispatches nothing without data', 'event: a\n\nid: 1\n\n\n\n', []],
    ['drops what the stream ends within', 'data: a\n\ndata: b\n', ['a']],
    ['drops a line that the stream ends within', 'data: a\n\ndata: b', ['a']],
    ['keeps NUL in data', 'data: a\0b\n\n', ['a\0b']],
    ['reads JSON as it is', 'data: {"a":"\\n: x"}\n\n', ['{"a":"\\n: x"}']],
  ])('%s', async (_, text, expected) => {
    expect(await dataOf(text)).toEqual(expected);
  });

  it('drops a byte order mark at the beginning, and there alone', async () => {
    expect(await dataOf('\uFEFFdata: a\n\n\uFEFFdata: b\n\ndata: \uFEFFc\n\n')).toEqual(['a', '\uFEFFc']);
    expect(await dataOf('\uFEFF\uFEFFdata: a\n\n')).toEqual([]);
  });

  it('names events, and forgets the name with the event', async () => {
    const { messages } = await read(
      'event: a\ndata: 1\n\ndata: 2\n\nevent: b\nevent: c\ndata: 3\n\nevent: d\nevent:\ndata: 4\n\n',
    );
    expect(messages.map(({ event }) => event)).toEqual(['a', undefined, 'c', undefined]);
  });

  it('reads ids, the last of an event; one with NUL is none, an empty one is one', async () => {
    const { messages } = await read(
      'id: 1\nid: 2\ndata: a\n\nid: x\0y\ndata: b\n\nid\ndata: c\n\nid: é…😀\ndata: d\n\n',
    );
    expect(messages.map(({ id }) => id)).toEqual(['2', undefined, '', 'é…😀']);
  });

  it('reads retry where it is digits alone', async () => {
    expect(
      (await read('retry: 10\n\nretry: 1e3\nretry: -1\nretry:\nretry: 2.5\nretry: 0\n\n')).retries,
    ).toEqual([10, 0]);
  });

  it('reads the same however the stream is cut, within a character too', async () => {
    const text = '\uFEFFevent: é\r\ndata: 😀…\r\n: c\r\ndata: b\r\nid: 7\r\n\r\ndata: z\n\n';
    const whole = await read(text);
    expect(whole.messages).toEqual([
      { event: 'é', data: '😀…\nb', id: '7' },
      { event: undefined, data: 'z', id: undefined },
    ]);
    const bytes = new TextEncoder().encode(text);
    for (let i = 1; i < bytes.length; i += 1)
      expect(await read(bytes.slice(0, i), bytes.slice(i))).toEqual(whole);
    expect(await read(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it('reads what is no UTF-8 with replacement characters, and goes on', async () => {
    expect(
      await dataOf(
        Uint8Array.from([...new TextEncoder().encode('data: a'), 0xff, 0x0a, 0x0a]),
        'data: b\n\n',
      ),
    ).toEqual(['a\uFFFD', 'b']);
  });

  it('reads a large event', async () => {
    const large = 'x'.repeat(1024 * 1024);
    expect(await dataOf(`data: ${large}\n\n`)).toEqual([large]);
  });

  it('gives up on an event without an end', async () => {
    const piece = `data: ${'x'.repeat(4 * 1024 * 1024)}\n`;
    await expect(read(piece, piece, piece, piece, piece, piece)).rejects.toThrow('max buffer size');
  });

  it('fails where the body breaks', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error('broken')),
    });
    const ignore = (): void => undefined;
    await expect(
      readEventStream(body, { onMessage: ignore, onRetry: ignore, onBytes: ignore }),
    ).rejects.toThrow('broken');
  });

  it.each([
    ['text/event-stream', 200, true],
    ['text/event-stream; charset=utf-8', 200, true],
    ['TEXT/Event-Stream;foo', 200, true],
    ['text/event-streams', 200, false],
    ['text/html', 200, false],
    ['', 200, false],
    ['text/event-stream', 201, false],
    ['text/event-stream', 404, false],
  ])('takes an answer of type "%s" and status %d for a stream: %s', (type, status, expected) => {
    expect(isEventStream(new Response('', { status, headers: { 'content-type': type } }))).toBe(expected);
  });
});
