// Reads a page as numbered elements and lines of text, in document order.
// Injected into every frame before the page's own scripts, so that it hears which elements they listen on.
(() => {
  if (window.__flyball) return;
  const NAME_LENGTH = 60, LABEL_LENGTH = 40, TEXT_LENGTH = 200, OPTIONS = 60, ENTRIES = 20000, SLACK = 4;
  const heard = new WeakSet();
  const listen = EventTarget.prototype.addEventListener;
  EventTarget.prototype.addEventListener = function (type, ...rest) {
    if (type === 'click' && this instanceof Element) heard.add(this);
    return listen.call(this, type, ...rest);
  };

  const clean = text => (text || '').replace(/\s+/g, ' ').trim();
  const shorten = (text, length) => (text.length > length ? text.slice(0, length - 1) + '…' : text);
  const INPUT_ROLES = {
    checkbox: 'checkbox', radio: 'radio', submit: 'button', button: 'button', reset: 'button', image: 'button',
    range: 'slider', hidden: null,
  };
  const TAG_ROLES = { BUTTON: 'button', SELECT: 'select', TEXTAREA: 'textbox', SUMMARY: 'button' };
  const ARIA_ROLES = new Set(['button', 'link', 'tab', 'menuitem', 'option', 'checkbox', 'radio', 'switch',
    'textbox', 'searchbox', 'combobox', 'slider', 'treeitem']);
  const CONTROLS = 'button,input,select,textarea,a[href]';
  const SLIDER = '[class*="slider-handle"],[class*="slider-thumb"],[role="slider"]';
  const PARTS = CONTROLS + ',[role="menuitem"],[role="option"],[role="treeitem"],' + SLIDER;
  const BLIND = new Set(['SCRIPT', 'STYLE', 'NOSCRIPT', 'TEMPLATE', 'HEAD', 'DEFS', 'DESC', 'CANVAS', 'OPTION']);
  // What a browser shows in an empty field of these kinds, and what may be typed there.
  const FORMATS = { date: 'date yyyy-mm-dd', time: 'time hh:mm', month: 'month yyyy-mm', 'datetime-local': 'time yyyy-mm-ddThh:mm' };
  const CHOSEN = ['active', 'selected', 'clicked', 'current'];

  function visible(element, style) {
    if (style.display === 'contents') return true;
    if (style.display === 'none' || style.visibility === 'hidden' || style.opacity === '0') return false;
    const box = element.getBoundingClientRect();
    // A picture, or an icon drawn by CSS, has no size until it is decoded.
    const pending = heard.has(element) || (element.tagName === 'IMG' && !element.complete);
    return (box.width > 0 && box.height > 0) || (pending && element.offsetParent !== null);
  }

  function roleOf(element, style) {
    const aria = element.getAttribute('role'), tag = element.tagName.toUpperCase();
    if (tag === 'INPUT') return element.type in INPUT_ROLES ? INPUT_ROLES[element.type] : 'textbox';
    if (tag === 'A') {
      const parent = element.parentElement;
      if (aria === 'tab' || (parent && parent.getAttribute('role') === 'tab')) return 'tab';
      if (element.hasAttribute('href') || clickable(element, style)) return ARIA_ROLES.has(aria) ? aria : 'link';
      return null;
    }
    if (aria === 'tab' && element.querySelector('a,button')) return null;  // the link inside is what listens
    if (TAG_ROLES[tag]) return TAG_ROLES[tag];
    if (element.matches(SLIDER)) return 'slider';
    if (ARIA_ROLES.has(aria)) return aria;
    if (element.isContentEditable && !(element.parentElement && element.parentElement.isContentEditable)) return 'textbox';
    return clickable(element, style) ? 'item' : null;
  }

  function clickable(element, style) {
    if (element === document.body || element === document.documentElement || element.tagName === 'LABEL') return false;
    if (heard.has(element) || element.onclick) return true;
    const parent = element.parentElement;
    return style.cursor === 'pointer' && !!parent && getComputedStyle(parent).cursor !== 'pointer';
  }

  function labelText(element) {
    const ids = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean);
    const root = element.getRootNode();
    const named = ids.map(id => root.getElementById && root.getElementById(id)).filter(Boolean);
    if (named.length) return clean(named.map(e => e.textContent).join(' '));
    if (element.labels && element.labels.length) {
      return clean([...element.labels].map(label => ownText(label)).join(' '));
    }
    const before = element.previousElementSibling;
    return before && before.tagName === 'LABEL' && !before.control ? clean(before.textContent) : '';
  }

  // A text that follows a field, where the two are alone in their box, is its label.
  function labelAfter(element) {
    const box = element.parentElement, next = element.nextElementSibling;
    if (!box || !next || box.querySelectorAll(CONTROLS).length !== 1) return null;
    const text = clean(next.innerText);
    return text && text.length <= LABEL_LENGTH && text === clean(box.innerText) ? next : null;
  }

  // A clickable area is its parts, not a thing of its own, where they say all that it says.
  function madeOfParts(element, name) {
    if (element.matches('ul,ol,table,tbody,form') || element.querySelector(PARTS)) return true;
    if ([...element.querySelectorAll('ul,ol')].some(list => list.offsetParent && clean(list.innerText))) return true;
    const parts = [...element.querySelectorAll('*')].filter(part => heard.has(part) || part.onclick);
    const outer = parts.filter(part => !parts.some(other => other !== part && other.contains(part)));
    return !!name && clean(outer.map(textOf).join(' ')) === name;
  }

  const textOf = element => clean(element.innerText ?? element.textContent);

  // The text of a label without that of the control inside it.
  function ownText(label) {
    let text = '';
    for (const node of label.childNodes) {
      if (node.nodeType === Node.TEXT_NODE) text += node.data;
      else if (node.nodeType === Node.ELEMENT_NODE && !node.matches('input,select,textarea,button')) text += ' ' + node.textContent;
    }
    return text;
  }

  function nameOf(element, role) {
    const aria = clean(element.getAttribute('aria-label'));
    if (aria) return aria;
    if (element.matches('input,select,textarea')) {
      if (['submit', 'button', 'reset'].includes(element.type)) return clean(element.value) || element.type;
      return labelText(element) || clean(element.placeholder) || clean(element.title) || clean(element.getAttribute('alt'))
        || FORMATS[element.type] || '';
    }
    const text = role === 'textbox' || role === 'slider' ? labelText(element) : textOf(element);
    if (text || role === 'slider') return text;
    const image = element.querySelector('img[alt],[aria-label],svg title');
    const drawn = image && clean(image.getAttribute('alt') || image.getAttribute('aria-label') || image.textContent);
    return clean(element.title) || drawn || iconName(element);
  }

  // An icon without a name is told by its class or id, and by the text that it stands beside.
  function iconName(element) {
    if (element instanceof SVGElement && element.id) return element.id;
    const own = clean(element.getAttribute('class')).split(' ')[0] || element.id || '';
    for (let box = element.parentElement, depth = 0; box && box !== document.body && depth < 4; box = box.parentElement, depth++) {
      const text = clean(box.innerText);
      if (text) return own + ' | ' + shorten(text, 30);
    }
    return own;
  }

  function stateOf(element, role, entry) {
    if (role === 'textbox' || role === 'searchbox' || role === 'slider') {
      const value = element.isContentEditable ? clean(element.innerText) : element.value ?? element.getAttribute('aria-valuenow') ?? '';
      entry.value = element.type === 'password' ? '•'.repeat(value.length) : inView(element, value);
      entry.readonly = !!element.readOnly;
      entry.secret = element.type === 'password';
    }
    if (element.tagName === 'TEXTAREA') {
      entry.multiline = true;
      entry.above = element.scrollTop > SLACK;
      entry.below = element.scrollHeight - element.clientHeight - element.scrollTop > SLACK;
    }
    const toggled = ['aria-checked', 'aria-selected', 'aria-pressed', 'aria-expanded'];
    const host = role === 'tab' && element.tagName === 'A' && element.parentElement ? element.parentElement : element;
    const marked = element.parentElement && element.parentElement.tagName === 'LI' && role === 'link' ? element.parentElement : element;
    entry.on = !!element.checked || CHOSEN.some(name => marked.classList.contains(name)) || toggled.some(name => host.getAttribute(name) === 'true' || element.getAttribute(name) === 'true');
    entry.disabled = !!element.disabled || element.getAttribute('aria-disabled') === 'true';
    if (element.tagName === 'SELECT') {
      const chosen = [...element.selectedOptions].map(option => clean(option.text));
      entry.value = chosen.join(', ');
      entry.options = [...element.options].slice(0, OPTIONS).map(option => clean(option.text));
    }
    entry.covered = !!coverOf(element);
    return entry;
  }

  // The part of a long text that the field is scrolled to.
  function inView(element, text) {
    const hidden = element.scrollHeight - element.clientHeight;
    const start = Math.round((hidden > SLACK ? element.scrollTop / hidden : 0) * (text.length - TEXT_LENGTH));
    return start > 0 ? shorten('…' + text.slice(start + 1), TEXT_LENGTH) : shorten(text, TEXT_LENGTH);
  }

  // What lies over the middle of an element, where the middle is on the screen.
  function coverOf(element) {
    const box = element.getBoundingClientRect();
    const x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (!box.width || !box.height || x < 0 || y < 0 || x >= innerWidth || y >= innerHeight) return null;
    for (let clip = element.parentElement; clip; clip = clip.parentElement) {
      const frame = clip.getBoundingClientRect();
      if (getComputedStyle(clip).overflow !== 'visible' && clip !== document.body && clip !== document.documentElement &&
          (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom)) return null;
    }
    let top = document.elementFromPoint(x, y);
    while (top && top.shadowRoot && top !== element) {
      const inner = top.shadowRoot.elementFromPoint(x, y);
      if (!inner || inner === top) break;
      top = inner;
    }
    if (!top || top === element || element.contains(top) || top.contains(element)) return null;
    if (element.labels && [...element.labels].some(label => label.contains(top))) return null;
    return top.getRootNode() !== element.getRootNode() && top.contains(element.getRootNode().host) ? null : top;
  }

  const range = document.createRange();
  // How far down a node begins and ends, in pixels from the top of the screen.
  function placeOf(node) {
    const box = node.nodeType === Node.ELEMENT_NODE && node.getBoundingClientRect();
    if (box && (box.width || box.height)) return box;
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  }

  function read(ignore) {
    const entries = [], elements = [], labels = new Set();
    let buffer = '', from = Infinity, to = -Infinity, left = 0;
    const list = (entry, { top, bottom }) => {
      if (entries.length < ENTRIES) entries.push({ ...entry, top, bottom });
      else left++;
    };
    const say = (words, node) => {
      buffer += words;
      if (!words.trim()) return;
      const { top, bottom } = placeOf(node);
      [from, to] = [Math.min(from, top), Math.max(to, bottom)];
    };
    // A long text becomes several entries, `part` of it each.
    const flush = () => {
      const text = clean(buffer).replace(/^\|\s*|\s*\|$/g, ''), part = text.length > TEXT_LENGTH;
      for (let begin = 0, end; begin < text.length; begin = end) {
        const before = begin ? '…' : '', room = TEXT_LENGTH - before.length;
        end = text.length - begin > room ? begin + room - 1 : text.length;
        const name = before + text.slice(begin, end) + (end < text.length ? '…' : '');
        const [top, bottom] = [begin, end].map(at => from + (to - from) * at / text.length);
        list({ role: 'text', name, part }, { top, bottom });
      }
      [buffer, from, to] = ['', Infinity, -Infinity];
    };
    const add = (element, role, name) => {
      flush();
      if (entries.length >= ENTRIES) { left++; return; }
      const last = entries[entries.length - 1];
      const after = !name && role === 'textbox' ? labelAfter(element) : null;
      if (after) {
        labels.add(after);
        name = clean(after.innerText);
      }
      if (last && last.role === 'text' && !last.part) {  // text right before a control without a label is its label
        const text = last.name.replace(/:$/, ''), field = role === 'textbox' || role === 'select';
        // A row of a table is no label, nor is a sentence.
        if (!name && field && text.length <= LABEL_LENGTH && !/ \| |\.$/.test(text)) name = text;
        if (text === name.replace(/:$/, '')) entries.pop();
      }
      list(stateOf(element, role, { role, name: shorten(name, NAME_LENGTH), number: elements.length + 1 }), placeOf(element));
      elements.push(element);
    };
    // `said`: the text of an enclosing element that is listed already.
    function walk(node, said) {
      if (node.nodeType === Node.TEXT_NODE) { if (!said) say(node.data, node); return; }
      if (node.nodeType !== Node.ELEMENT_NODE || BLIND.has(node.tagName.toUpperCase())) return;
      if (ignore && node.matches(ignore)) return;
      const style = getComputedStyle(node);
      if (!visible(node, style)) return;
      if (labels.has(node)) said = true;
      const cell = /^T[DH]$/.test(node.tagName);
      const block = (!style.display.startsWith('inline') || node.tagName === 'text') && !cell;
      if (block && !said) flush();
      if (cell && clean(buffer)) buffer += ' | ';
      if (node.tagName === 'IMG' && !said) say(' ' + clean(node.alt) + ' ', node);
      if (node.tagName === 'IFRAME') { flush(); list({ role: 'frame', name: clean(node.title || node.name), number: elements.push(node) }, placeOf(node)); return; }
      const role = roleOf(node, style);
      if (/^H[1-6]$/.test(node.tagName) && !role && !node.querySelector('a,button,input')) {
        flush();
        if (clean(node.innerText) && !said) list({ role: 'heading', name: shorten(clean(node.innerText), NAME_LENGTH) }, placeOf(node));
        said = true;
      }
      if (node.tagName === 'LABEL' && node.control && visible(node.control, getComputedStyle(node.control))) said = true;
      if (role) {
        const name = nameOf(node, role);
        if (role !== 'item' || (name.length <= NAME_LENGTH && !madeOfParts(node, textOf(node)))) { add(node, role, name); said = said || role !== 'textbox'; }
      }
      if (node.tagName !== 'SELECT' && node.tagName !== 'TEXTAREA') {
        for (const child of (node.shadowRoot || node).childNodes) walk(child, said);
        if (node.tagName === 'SLOT') for (const child of node.assignedNodes()) walk(child, said);
      }
      if (block && !said) flush();
    }
    walk(document.body, false);
    flush();
    window.__flyball.elements = elements;
    if (left) entries.push({ role: 'rest', left });
    return entries;
  }

  // Resolves once the page has been quiet for `quiet` ms, or after `limit` ms.
  function settled(quiet, limit) {
    return new Promise(resolve => {
      const done = () => { observer.disconnect(); clearTimeout(timer); clearTimeout(last); resolve(true); };
      let timer = setTimeout(done, quiet);
      const last = setTimeout(done, limit);
      const observer = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(done, quiet); });
      observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    });
  }

  // Why element `number` cannot be acted on now: 'gone', 'disabled' (unless that does not matter), what covers it, or ''.
  function obstacle(number, enabled = true) {
    const element = window.__flyball.elements[number - 1];
    if (!element || !element.isConnected) return 'gone';
    if (enabled && element.disabled) return 'disabled';
    element.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    const cover = coverOf(element);
    if (!cover) return '';
    return 'covered by ' + (cover.getAttribute('aria-label') || shorten(clean(cover.innerText), 40) || cover.id || cover.tagName.toLowerCase());
  }

  window.__flyball = { read, settled, obstacle, elements: [] };
})();
