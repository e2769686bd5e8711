import { launchBrowser } from '@nestwire/harness';

describe('launchBrowser', () => {
  it('renders a page and runs its script', async () => {
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(
      'data:text/html,<h1></h1><script>document.querySelector("h1").textContent = 6 * 7</script>',
    );
    await expect(page.textContent('h1')).resolves.toBe('42');
  });
});
