/** A page that listens with nothing but the browser's own `EventSource`, and keeps what it hears. */
export const PAGE = `<!doctype html>
<title>news</title>
<script>
  window.offsets = [];
  window.opened = 0;
  window.source = new EventSource('/realtime/sse?channels=news');
  source.addEventListener('open', () => (window.opened += 1));
  source.addEventListener('news', ({ data }) => offsets.push(JSON.parse(data).o));
</script>
`;
