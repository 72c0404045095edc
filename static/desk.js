/* The desk's work with one key at a time, on top of what Tab, Enter and the access keys do without it. ES5. */
(function (document) {
  /* On the document: htmx exchanges what is inside. */
  document.addEventListener('keydown', function (event) {
    var key = event.key, target = event.target;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(target)) return;
    if (key == 'j' || key == 'k') walk(key == 'j' ? 1 : -1);
    /* The arrows scroll, until somebody walks. */
    else if ((key == 'ArrowDown' || key == 'ArrowUp') && rowOf(target)) walk(key == 'ArrowDown' ? 1 : -1);
    else if (key == '/') search();
    else if (key == 't') take(rowOf(target));
    else if (key == 'g') press(document.querySelector('.rooms a'));
    else if (key == '?') explain();
    else return;
    event.preventDefault();
  });
  /* After an exchange the browser's place is lost: the next Tab goes on where the page begins, or at what is to be mended. */
  document.addEventListener('htmx:afterSwap', function (event) {
    if (event.target.id != 'main') return;
    var start = document.querySelector('[role=alert] a') || document.querySelector('main [autofocus]') || event.target;
    if (start == event.target) start.tabIndex = -1;
    start.focus({preventScroll: start == event.target});
  });
  function isTyping(target) {
    return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      target.tagName == 'INPUT' && !/^(checkbox|radio|submit|button)$/.test(target.type);
  }
  function rowOf(target) {
    while (target && target.tagName != 'TR') target = target.parentNode;
    return target && target.querySelector('td a') ? target : null;
  }
  function walk(step) {
    var links = document.querySelectorAll('.rows td:first-child a'), row = rowOf(document.activeElement), at = -1, i;
    for (i = 0; i < links.length; i++) if (row && row.contains(links[i])) at = i;
    at = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
    if (links[at]) links[at].focus();
  }
  function search() {
    var field = document.querySelector('[name=words]');
    if (field) field.focus(), field.select();
    else press(document.querySelector('.rooms a'));
  }
  function take(row) {
    press(row ? row.querySelector('button[name=code]') : document.querySelector('[data-key=t]'));
  }
  function press(control) {
    if (control) control.click();
  }
  function explain() {
    var keys = document.getElementById('keys');
    if (!keys) return;
    keys.open = !keys.open;
    keys.scrollIntoView(false);
  }
})(document);
