/** The element with the id. */
export const byId = (id) => document.getElementById(id);

/** Whether somebody has asked for little motion. */
export const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * Makes an element. Texts become text, never markup; `on*` are listeners, `data-*`, `aria-*` and the like attributes,
 * and what is undefined or false is left out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Says something to those who do not see the page. */
export function announce(text) {
  byId('announcer').textContent = text;
}

/** Shows for a while that an element has changed. */
export function flash(element, name = 'flash') {
  element.classList.remove(name);
  // Reading the layout lets the animation begin again.
  void element.offsetWidth;
  element.classList.add(name);
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
