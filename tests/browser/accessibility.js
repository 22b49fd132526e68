// What of a page axe-core is still to be asked, and the asking: it takes most of the time, and most of a page is known.
globalThis.judging = (() => {
  const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const PLACED = ['target-size', 'scrollable-region-focusable'];
  const LEAST = 4; // elements, for a part worth remembering
  const ONCE = 2; // of what is repeated on a page that many are judged
  const RADIUS = 24; // pixels
  const SAYS = /^(href|src|value|name|id|for|title|alt|placeholder|action|d|datetime|aria-label|data-.*|hx-.*)$/;
  const REFERS = ['for', 'list', 'headers', 'aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-owns'];
  const REFERRING = `[href^="#"], ${REFERS.map(name => `[${name}]`).join()}`;
  // What is compared with the rest of the page.
  const COMPARED = 'header, footer, nav, main, aside, [role], section[aria-label], section[aria-labelledby],'
    + ' form[aria-label], h1, h2, h3, h4, h5, h6, caption, iframe, [accesskey], img[alt]:not([alt=""])';
  const TARGET = 'a[href], button, input, select, textarea, summary, area, [contenteditable], [tabindex][role]';
  const TYPED = 'textarea, select, input:not([type=checkbox], [type=radio], [type=hidden], [type=range], [type=color])';

  const hash = text => {
    let one = 0x811c9dc5, two = 0x9e3779b9;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      two = Math.imul(two + code, 0x85ebca6b) ^ (two >>> 15);
    }
    return (one >>> 0).toString(36) + (two >>> 0).toString(36);
  };
  const common = (one, other) => ({
    left: Math.max(one.left, other.left), right: Math.min(one.right, other.right),
    top: Math.max(one.top, other.top), bottom: Math.min(one.bottom, other.bottom),
  });
  const told = violations => violations.map(one => [one.id, one.nodes[0].html]);
  const ask = async (where, options) => {
    const {violations} = await axe.run(where, {...options, resultTypes: ['violations']});
    return told(violations);
  };

  // An element without what it says: its name and attributes, whether it is seen and has a text.
  const own = element => {
    const says = [...element.attributes].map(({name, value}) => `${name}=${SAYS.test(name) ? value !== '' : value}`);
    const text = [...element.childNodes].some(one => one.nodeType === Node.TEXT_NODE && one.data.trim());
    const seen = element.checkVisibility({visibilityProperty: true});
    return `<${element.localName} ${says.join(' ')} ${seen} ${text} ${Boolean(element.disabled)}>`;
  };
  const labelled = (part, element) => [...(element.labels ?? [])].every(label => part.contains(label));
  const referred = element => REFERS.flatMap(name => (element.getAttribute(name) ?? '').split(/\s+/))
    .concat(element.getAttribute('href')?.match(/^#(.+)/)?.[1] ?? []).filter(Boolean);
  const alone = id => document.querySelectorAll(`#${CSS.escape(id)}`).length === 1;
  // Whether nothing outside a part has a say in what is right within it, but for what it is in.
  const whole = part => !part.matches(COMPARED) && !part.querySelector(COMPARED)
    && [part, ...part.querySelectorAll('input, select, textarea, button')].every(one => labelled(part, one))
    && [part, ...part.querySelectorAll(REFERRING)].flatMap(referred)
      .every(id => alone(id) && part.querySelector(`#${CSS.escape(id)}`));

  // Judges by all rules but those about colours and places, of each part only what wasn't judged before.
  const anatomy = async passed => {
    const known = new Set(passed), times = new Map(), facts = new Map(), skipped = [];
    const read = element => {
      const self = own(element), below = [...element.children].map(read);
      const all = {self, tree: hash(self + below.map(one => one.tree)), size: below.reduce((sum, one) => sum + one.size, 1)};
      facts.set(element, all);
      return all;
    };
    const walk = (element, path) => {
      const {self, tree, size} = facts.get(element), key = hash(path + tree);
      if (size >= LEAST && whole(element)) {
        if (known.has(key) || times.get(key) >= ONCE) return skipped.push(element);
        times.set(key, (times.get(key) ?? 0) + 1);
      }
      const within = hash(path + self);
      for (const child of element.children) walk(child, within);
    };
    read(document.body);
    walk(document.body, '');
    const rules = Object.fromEntries(['color-contrast', ...PLACED].map(name => [name, {enabled: false}]));
    const where = {include: [document.documentElement], exclude: skipped};
    return [await ask(where, {runOnly: TAGS, rules}), [...times.keys()].join(' ')];
  };

  // Tells whether an element is scrolled away or clipped: axe-core can tell neither its colours nor what is near it.
  const clipped = () => {
    const frames = new Map(), page = {left: -scrollX, top: -scrollY, right: Infinity, bottom: Infinity};
    const around = element => {
      const {position} = getComputedStyle(element);
      return position === 'fixed' ? page : frame(position === 'absolute' ? element.offsetParent : element.parentElement);
    };
    const frame = element => {
      if (element === null) return page;
      if (!frames.has(element)) {
        const outer = around(element), clips = getComputedStyle(element).overflow !== 'visible';
        frames.set(element, clips ? common(outer, element.getBoundingClientRect()) : outer);
      }
      return frames.get(element);
    };
    return element => {
      const {left, right, top, bottom} = common(around(element), element.getBoundingClientRect());
      return element.getClientRects().length > 0 && (right - left <= 1 || bottom - top <= 1);
    };
  };

  // Judges where things are: by axe-core what isn't large and free, or far from all others, beyond doubt.
  const room = async () => {
    const out = clipped();
    const targets = [...document.querySelectorAll(TARGET)]
      .filter(one => !one.matches('[role=region], main') && !out(one))
      .map(element => ({element, box: element.getBoundingClientRect(), boxes: element.getClientRects().length}))
      .filter(({box}) => box.width && box.height);
    const away = (box, x, y) => Math.hypot(
      Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
    const doubtful = targets.filter(({element, box, boxes}) => {
      const others = targets.filter(one => one.element !== element).map(one => one.box);
      const covered = others.some(one =>
        one.left < box.right && one.right > box.left && one.top < box.bottom && one.bottom > box.top);
      if (boxes !== 1 || covered) return true;
      if (Math.min(box.width, box.height) >= RADIUS) return false;
      const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
      return others.some(one => away(one, x, y) < RADIUS);
    });
    const stops = element => element.tabIndex >= 0 && element.matches(`${TARGET}, [tabindex]`) && element.checkVisibility();
    const scrolled = [...document.querySelectorAll('body *')]
      .filter(one => one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight)
      .filter(one => /auto|scroll/.test(getComputedStyle(one).overflow))
      .filter(one => ![one, ...one.querySelectorAll(`${TARGET}, [tabindex]`)].some(stops));
    const include = [...doubtful.map(({element}) => element), ...scrolled];
    return include.length ? ask({include}, {runOnly: PLACED}) : [];
  };

  // Judges contrast, of three texts of each look that wasn't judged before.
  const colours = async passed => {
    const known = new Set(passed), beneath = new Map(), texts = new Map(), keys = new Map();
    const named = element => `${element.localName}.${element.getAttribute('class') ?? ''}`;
    const layers = element => {
      if (element === null) return '';
      if (!beneath.has(element)) {
        const {backgroundColor: colour, backgroundImage: image, opacity, position, filter} = getComputedStyle(element);
        const plain = colour === 'rgba(0, 0, 0, 0)' && `${image} ${opacity} ${position} ${filter}` === 'none 1 static none';
        const own = plain ? '' : `<${[position === 'static' ? '' : named(element), colour, image, opacity, filter].join()}`;
        beneath.set(element, own + layers(element.parentElement));
      }
      return beneath.get(element);
    };
    const key = look => keys.get(look) ?? keys.set(look, hash(look)).get(look);
    const out = clipped();
    for (const element of document.body.querySelectorAll('*')) {
      const written = [...element.childNodes].filter(one => one.nodeType === Node.TEXT_NODE);
      if (!element.matches(TYPED) && written.map(one => one.data).join('').trim().length < 2) continue;
      if (!element.checkVisibility({visibilityProperty: true, opacityProperty: true}) || out(element)) continue;
      const {color, fontSize, fontWeight, textShadow} = getComputedStyle(element);
      const off = element.closest(':disabled, [aria-disabled=true]') !== null;
      const look = key([off, color, fontSize, fontWeight, textShadow, layers(element)].join());
      if (!known.has(look)) texts.set(look, [...(texts.get(look) ?? []), element]);
    }
    const looks = new Map([...texts].flatMap(([look, found]) => found.slice(0, 3).map(element => [element, look])));
    if (!looks.size) return [[], ''];
    const options = {runOnly: ['color-contrast'], resultTypes: ['passes', 'violations'], elementRef: true};
    const {passes, violations} = await axe.run({include: [...looks.keys()]}, options);
    const found = results => results.flatMap(one => one.nodes.map(node => looks.get(node.element)).filter(Boolean));
    const failed = new Set(found(violations));
    return [told(violations), [...new Set(found(passes))].filter(look => !failed.has(look)).join(' ')];
  };

  return {anatomy, room, colours};
})();
