import { resolveOptions } from '../../src/options.js';
import { groupOf } from '../../src/tabs/group.js';

describe('the group of a tab', () => {
  const groupWith = (token: () => string | Promise<string>) =>
    groupOf(resolveOptions({ url: 'https://api.example.com', connectTimeoutMs: 10, token }));

  it('is none where the token does not come in time', async () => {
    await expect(groupWith(() => new Promise(() => undefined))).rejects.toThrow('the token did not come');
  });

  it('is that of the same user, whenever the token was drawn', async () => {
    const jwt = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
    const ann = await groupWith(() => jwt({ sub: 'ann', exp: 1 }));
    expect(await groupWith(async () => jwt({ exp: 2, sub: 'ann' }))).toBe(ann);
    expect(await groupWith(() => jwt({ sub: 'bob', exp: 1 }))).not.toBe(ann);
  });
});
