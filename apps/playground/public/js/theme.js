// A classic script in the head: the theme must be known before anything is painted.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');

  function chosen() {
    try {
      return localStorage.getItem('theme');
    } catch {
      // Storage may be off; the system's choice will do.
      return null;
    }
  }

  function apply() {
    root.dataset.theme = chosen() ?? (dark.matches ? 'dark' : 'light');
    dispatchEvent(new Event('themechange'));
  }

  function toggle() {
    const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      localStorage.setItem('theme', next);
    } catch {
      // It lasts as long as the page, then.
    }
    root.dataset.theme = next;
    dispatchEvent(new Event('themechange'));
  }

  apply();
  dark.addEventListener('change', apply);
  addEventListener('storage', ({ key }) => key === 'theme' && apply());
  addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    const label = () => {
      const text = root.dataset.theme === 'dark' ? 'Switch to the light theme' : 'Switch to the dark theme';
      button.setAttribute('aria-label', text);
      button.title = text;
    };
    button.addEventListener('click', toggle);
    addEventListener('themechange', label);
    label();
  });
})();
