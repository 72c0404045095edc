/* Counts a text while it is typed, as the network does, keeps the link to the phone's own program in step, copies. ES5. */
(function (document) {
  var EXTENSION = /[\f\^{}\\\[~\]|€]/g;

  /* As the server writes it: without accents, on one line. */
  function plain(text) {
    if (text.normalize) text = text.normalize('NFD').replace(/[\u0300-\u036f]/g, '');
    return text.replace(/đ/g, 'd').replace(/Đ/g, 'D').replace(/[“”„]/g, '"').replace(/[‘’‚]/g, "'")
      .replace(/[–—−]/g, '-').replace(/…/g, '...').replace(/\s+/g, ' ').replace(/^ | $/g, '');
  }

  /* What copies is shown only where it works; the page may come and go (htmx), so the root says it. */
  document.documentElement.className += ' scripted';
  document.addEventListener('input', function (event) {
    var box = event.target, most = box.getAttribute && box.getAttribute('data-most');
    if (!most) return;
    var text = plain(box.value), size = text.length + (text.match(EXTENSION) || []).length;
    var count = box.form.querySelector('output'), link = box.form.querySelector('.sms');
    count.textContent = size + '/' + most;
    count.className = size > most ? 'late' : '';
    if (link) link.href = link.href.replace(/body=.*$/, 'body=' + encodeURIComponent(text));
  });
  document.addEventListener('click', function (event) {
    var button = event.target;
    if (!/(^| )copy( |$)/.test(button.className || '')) return;
    var box = button.form.querySelector('textarea');
    box.focus();
    box.select();
    /* Also on plain http within the office, where there is no navigator.clipboard. */
    if (document.execCommand('copy')) button.textContent = 'Đã chép';
  });
})(document);
