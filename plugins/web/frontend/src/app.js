// Loaded on every page: htmx for fragments, soft navigation, and the custom elements that carry all behaviour.
import htmx from 'htmx.org';
import './navigation.js';
import './preferences.js';
import './elements/actions.js';
import './elements/board.js';
import './elements/editor.js';
import './elements/keys.js';
import './elements/list.js';
import './elements/live.js';
import './elements/menu.js';
import './elements/palette.js';
import './elements/picker.js';
import './elements/time.js';
import {csrf, toast, words} from './ui.js';

window.htmx = htmx;
document.addEventListener('htmx:config:request', ({detail: {ctx}}) => {
  ctx.request.headers['X-CSRF-Token'] = csrf();
  if (!ctx.replace) return;
  // It becomes the page's address, which tells what was chosen, not all that could have been.
  const given = [...ctx.request.body].filter(([, value]) => value !== '');
  for (const name of [...ctx.request.body.keys()]) ctx.request.body.delete(name);
  for (const [name, value] of given) ctx.request.body.append(name, value);
});
document.addEventListener('htmx:error', () => toast(words('offline'), {bad: true}));
