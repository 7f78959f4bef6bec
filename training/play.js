// Plays MiniWoB++ inside the page, without the browser's input pipeline.
ignore => {
  if (window.jQuery) jQuery.fx.off = true;
  core.EPISODE_MAX_TIME = 1e8;
  const look = () => ({entries: __flyball.read(ignore), done: WOB_DONE_GLOBAL,
                       reward: WOB_RAW_REWARD_GLOBAL});
  window.__start = seed => {
    if (!WOB_DONE_GLOBAL && core.EP_TIMER) core.endEpisode(0, false);
    Math.seedrandom(seed); core.startEpisodeReal();
    return {goal: core.getUtterance(), ...look()};
  };
  window.__move = ([tool, number, text]) => {
    const element = __flyball.elements[number - 1];
    if (tool === 'click') {
      if (element.focus) element.focus();
      if (!WOB_DONE_GLOBAL) element.click();  // focusing alone ends some episodes
    } else {
      const options = [...(element.options || [])];
      element.value = tool === 'fill' ? text : options.find(o => o.text.trim() === text).value;
      const types = tool === 'fill' ? ['input', 'keyup', 'change'] : ['change'];
      for (const type of types) element.dispatchEvent(new Event(type, {bubbles: true}));
    }
    return look();
  };
}
