import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findProgram, type Program } from '@nestwire/harness';

const teapot: Program = {
  title: 'Teapot',
  candidates: ['teapot', 'teakettle', '/nowhere/teapot'],
  packages: { apt: [], brew: [] },
};

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nestwire-path-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

async function addProgram(name: string, mode = 0o755): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, '#!/bin/sh\n');
  await chmod(file, mode);
  return file;
}

async function neverInstall(): Promise<void> {
  throw new Error('no rights');
}

describe('findProgram', () => {
  it('finds the first candidate that is on the PATH', async () => {
    const kettle = await addProgram('teakettle');
    const path = ['', '/nowhere', directory].join(delimiter);
    await expect(findProgram(teapot, { path, install: neverInstall })).resolves.toBe(kettle);

    const pot = await addProgram('teapot');
    await expect(findProgram(teapot, { path, install: neverInstall })).resolves.toBe(pot);
  });

  it('finds an absolute candidate wherever the PATH leads', async () => {
    const file = await addProgram('teapot');
    const program = { ...teapot, candidates: [file] };
    await expect(findProgram(program, { path: '', install: neverInstall })).resolves.toBe(file);
  });

  it('takes the one that its environment variable names, and no other in its place', async () => {
    const [mine, found] = [await addProgram('mine'), await addProgram('teapot')];
    const program = { ...teapot, variable: 'NESTWIRE_TEST_TEAPOT' };
    const find = () => findProgram(program, { path: directory, install: neverInstall });
    try {
      process.env['NESTWIRE_TEST_TEAPOT'] = mine;
      await expect(find()).resolves.toBe(mine);
      process.env['NESTWIRE_TEST_TEAPOT'] = 'teapot';
      await expect(find()).rejects.toThrow('NESTWIRE_TEST_TEAPOT is "teapot": it must be the absolute path');
      process.env['NESTWIRE_TEST_TEAPOT'] = '';
      await expect(find()).resolves.toBe(found);
    } finally {
      delete process.env['NESTWIRE_TEST_TEAPOT'];
    }
  });

  it('passes over what cannot be executed', async () => {
    await addProgram('teapot', 0o644);
    await expect(findProgram(teapot, { path: directory, install: neverInstall })).rejects.toThrow(
      'not found',
    );
  });

  it('passes over a directory of that name', async () => {
    await mkdir(join(directory, 'teapot'));
    await expect(findProgram(teapot, { path: directory, install: neverInstall })).rejects.toThrow(
      'not found',
    );
  });

  it('installs what is missing, and then finds it', async () => {
    const install = async () => void (await addProgram('teapot'));
    await expect(findProgram(teapot, { path: directory, install })).resolves.toBe(join(directory, 'teapot'));
  });

  it('says in one sentence what to install where it may not', async () => {
    const failure = await findProgram(teapot, { path: directory, install: neverInstall }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({
      message:
        'Teapot is needed and was not found: install it, so that one of teapot, teakettle is on the PATH.',
      cause: expect.objectContaining({ message: 'no rights' }),
    });
  });
});
