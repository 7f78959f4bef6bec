// Plays MiniWoB++ inside the page, without the browser's input pipeline.
ignore => {
  const SOON = 30;  // ms
  if (window.jQuery) {
    jQuery.fx.off = true;
    // Menus and suggestions that open after a delay open at once.
    if (jQuery.ui && jQuery.ui.menu) jQuery.ui.menu.prototype.delay = 0;
    // Suggestions come a moment later, as they do live: that one has to wait for them is to be learned.
    if (jQuery.ui && jQuery.ui.autocomplete) jQuery.ui.autocomplete.prototype.options.delay = SOON;
  }
  core.EPISODE_MAX_TIME = 1e8;
  const SCREEN = 320, CODES = { Enter: 13, Backspace: 8, PageUp: 33, PageDown: 34, End: 35, Home: 36,
    ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 };
  const look = () => ({entries: __flyball.read(ignore), done: WOB_DONE_GLOBAL,
                       reward: WOB_RAW_REWARD_GLOBAL});
  const later = ms => new Promise(resolve => setTimeout(resolve, ms));
  const tell = (element, Kind, types, more) => {
    for (const type of types) element.dispatchEvent(new Kind(type, {bubbles: true, cancelable: true, ...more}));
  };
  // Elements of a drawing have no click() of their own.
  const click = element => element.click ? element.click() : tell(element, MouseEvent, ['mousedown', 'mouseup', 'click']);
  const MOVES = {
    click(element) {
      // A menu opens and chooses what the mouse went over.
      if (element.closest('.ui-menu')) MOVES.hover(element);
      if (element.focus) element.focus();
      if (!WOB_DONE_GLOBAL) click(element);  // focusing alone ends some episodes
    },
    fill(element, text) {
      element.focus();
      element.value = text;
      tell(element, Event, ['input', 'keyup', 'change']);
    },
    select(element, text) {
      const option = [...element.options].find(option => option.text.trim() === text);
      if (element.multiple) option.selected = !option.selected; else element.value = option.value;
      tell(element, Event, ['change']);
    },
    press(element, text) {
      const key = text === 'Space' ? ' ' : text, active = document.activeElement;
      // A page that takes the focus by a timer has not had the time to.
      const target = element || (active === document.body && document.querySelector('#area input')) || active;
      if (target.focus) target.focus();
      const code = CODES[key] || key.toUpperCase().charCodeAt(0);
      tell(target, KeyboardEvent, ['keydown', 'keyup'], {key, keyCode: code, which: code});
    },
    type(element, text) {
      for (const key of text) MOVES.press(element, key);
    },
    scroll(element, text) {
      element.scrollTop += text === 'up' ? -SCREEN : SCREEN;
      tell(element, Event, ['scroll']);
    },
    hover(element) { tell(element, MouseEvent, ['mouseover', 'mousemove']); },
    wait() {},
  };
  // What opens by a timer even without a delay is waited for.
  const SLOW = new Set(['hover', 'wait']);
  window.__start = seed => {
    if (!WOB_DONE_GLOBAL && core.EP_TIMER) core.endEpisode(0, false);
    Math.seedrandom(seed); core.startEpisodeReal();
    return {goal: __goal(), ...look()};
  };
  window.__move = async ([tool, number, text]) => {
    MOVES[tool](number ? __flyball.elements[number - 1] : null, text);
    if (!WOB_DONE_GLOBAL && (SLOW.has(tool) || document.querySelector('.ui-menu'))) await later(SLOW.has(tool) ? SOON + 10 : 10);
    return look();
  };
}
