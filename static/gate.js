/* Lets htmx in where it helps: a browser that understands it, on a line that can afford 15 kB once. ES5. */
(function (window, document, connection) {
  /* A page the browser had put aside comes back as it was left: on a shared phone, before the eyes of the next person. */
  window.addEventListener('pageshow', function (event) {
    var me = document.querySelector('.me');
    if (!event.persisted || !(window.history.state || me && !/dang-nhap/.test(me.href))) return;
    document.documentElement.hidden = true;
    window.location.reload();
  });
  /* static/sw.js: pages without a signal. updateViaCache: the browser asks for it once a day, not with every page. */
  if (navigator.serviceWorker) window.addEventListener('load', function () {
    navigator.serviceWorker.register('/sw.js', {updateViaCache: 'all'}).catch(function () {});
  });
  /* static/upload.js, on any line: the photo it makes smaller weighs a thousand times what it does. */
  var uploader = 'UPLOAD_ADDRESS';
  document.addEventListener('click', function (event) {
    if (!uploader || event.target.type != 'file' || !event.target.form.document) return;
    load(uploader);
    uploader = '';
  });
  if (!('replaceAll' in String.prototype) || !window.IntersectionObserver) return;
  if (connection.saveData || /2g/.test(connection.effectiveType || '')) return;
  window.addEventListener('load', function () {
    var settings = document.createElement('meta');
    /* The style in a first page is that page's alone; the fragments to come need the whole sheet, which was fetched ahead. */
    var sheet = document.querySelector('link[rel=prefetch]');
    if (sheet) sheet.rel = 'stylesheet';
    settings.name = 'htmx-config';
    /* historyCacheSize 0: no page of a citizen stays in the storage of a shared phone. */
    settings.content = JSON.stringify({
      historyCacheSize: 0, refreshOnHistoryMiss: true, allowEval: false, allowScriptTags: false, selfRequestsOnly: true,
      includeIndicatorStyles: false,
      responseHandling: [
        {code: '204', swap: false}, {code: '[23]..', swap: true}, {code: '40[349]|413|422|429|50.', swap: true},
        {code: '[45]..', swap: false, error: true}
      ]
    });
    /* htmx also notes the address, which may hold a code, in sessionStorage; where it finds none, it goes without. */
    Object.defineProperty(window, 'sessionStorage', {value: null});
    document.body.setAttribute('hx-boost', 'true');
    document.body.setAttribute('hx-target', '#main');
    /* Who presses something else meanwhile wants that: as with pages, what was asked for before is not shown any more. */
    document.body.setAttribute('hx-sync', 'this:replace');
    document.body.setAttribute('hx-swap', 'innerHTML show:window:top');
    document.head.appendChild(settings);
    load('/static/2.0.11/vendor/htmx-2.0.11.min.js');
  });

  function load(address) {
    var script = document.createElement('script');
    script.src = address;
    script.async = true;
    document.head.appendChild(script);
  }
})(window, document, navigator.connection || {});
