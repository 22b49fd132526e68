// What plugins import as "@psa/ui".
const meta = name => document.querySelector(`meta[name="${name}"]`)?.content ?? '';

// The token is masked anew in every page, so that compression tells nothing about it.
export const csrf = () => {
  const [pad, masked] = meta('psa-csrf').split('.');
  if (!masked) return '';
  return masked.match(/../g).map((byte, i) => (parseInt(byte, 16) ^ parseInt(pad.slice(2 * i, 2 * i + 2), 16)).toString(16).padStart(2, '0')).join('');
};

// Texts that scripts say, translated by the server.
let said;
export const words = key => (said ??= JSON.parse(meta('psa-words') || '{}'))[key] ?? key;

let under = 0;
// Whether something that was sent isn't answered yet.
export const posting = () => under > 0;
export function post(url, data = {}) {
  const body = data instanceof URLSearchParams || data instanceof FormData ? data : new URLSearchParams(Object.entries(data).flatMap(([k, v]) => [v].flat().map(x => [k, x])));
  under += 1;
  document.dispatchEvent(new CustomEvent('psa:changing'));
  return fetch(url, {method: 'POST', headers: {'X-CSRF-Token': csrf(), 'Psa-Action': '1', 'Accept-Language': document.documentElement.lang}, body}).finally(() => { under -= 1; document.dispatchEvent(new CustomEvent('psa:changing')); });
}

export function toast(text, {bad = false, undo = ''} = {}) {
  const box = document.getElementById('toasts');
  if (!box || !text) return;
  const item = document.createElement('div');
  item.className = 'toast';
  if (bad) item.setAttribute('role', 'alert');
  item.append(text);
  if (undo) {
    const button = Object.assign(document.createElement('button'), {type: 'button', textContent: words('undo')});
    button.onclick = () => { item.remove(); act(undo); };
    item.append(button);
  }
  if (box.showPopover) { box.hidePopover?.(); box.showPopover(); }
  box.append(item);
  setTimeout(() => item.remove(), undo || bad ? 8000 : 4500);
}

export const go = url => document.dispatchEvent(new CustomEvent('psa:go', {detail: url}));

// Let whatever is live on a topic ("tickets", "tickets:<id>") fetch itself anew.
export function refresh(...topics) {
  const seen = new Set();
  for (const topic of topics) for (const el of document.querySelectorAll(`[data-live~="${CSS.escape(topic)}"]`)) seen.add(el);
  seen.forEach(el => el.dispatchEvent(new CustomEvent('psa:live')));
}

export const refreshAll = () => document.querySelectorAll('[data-live]').forEach(el => el.dispatchEvent(new CustomEvent('psa:live')));

// Follow the answer of an action. Returns the faults, or null when it went well.
export async function follow(response) {
  if (response.redirected || response.status === 401) { location.reload(); return null; }
  const answer = await response.json().catch(() => ({detail: words('failed')}));
  // What was acted on is no longer what the page shows.
  if (response.status === 409 || response.status === 412) refreshAll();
  if (!response.ok) return {detail: answer.detail ?? words('failed'), faults: answer.faults ?? []};
  if (answer.go) {
    if (answer.toast) sessionStorage.setItem('psa-toast', answer.toast);
    if (answer.hard) location.assign(answer.go); else go(answer.go);
    return null;
  }
  if (answer.toast) toast(answer.toast, {undo: answer.undo});
  if (answer.refresh?.length) refresh(...answer.refresh);
  return {answer};
}

export async function act(url, data) {
  try {
    const result = await follow(await post(url, data));
    if (result?.detail) toast(result.detail, {bad: true});
    return !result?.detail;
  } catch { toast(words('offline'), {bad: true}); return false; }
}
