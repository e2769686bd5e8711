import { byId } from './dom.js';

/** Ticks off a step of "Try this". */
export function done(step) {
  const element = byId(`step-${step}`);
  if (element.classList.contains('step--done')) return;
  element.classList.add('step--done');
  element.querySelector('.step__done').hidden = false;
}
