import { byId } from './dom.js';
import { Editor } from './editor.js';

const id = decodeURIComponent(location.pathname.split('/').at(-1));
const { name } = await (await fetch('/api/me')).json();

byId('me').textContent = name;
byId('selected').textContent = id;
byId('second-tab').href = location.pathname;
document.title = `${id} · Nestwire playground`;

const editor = new Editor('This tab', { level: 'h2' });
byId('editors').append(editor.element);
editor.open(id);
