/* Where there is no signal: public pages once opened open again, and a form that could not be sent is not lost. */
const PAGES = 'trang-1', STYLE = 'STYLE_ADDRESS';

addEventListener('install', event => event.waitUntil(caches.open(STYLE).then(cache => cache.add(STYLE)).then(() => skipWaiting())));

addEventListener('activate', event => event.waitUntil(takeOver()));

async function takeOver() {
  for (const name of await caches.keys()) if (name != PAGES && name != STYLE) await caches.delete(name);
  await clients.claim();
  /* What was opened before this worker was there: the browser's own store still has it, and nothing is fetched. */
  for (const {url} of await clients.matchAll()) await fetch(url, {cache: 'only-if-cached', mode: 'same-origin'}).then(keep, () => {});
}

addEventListener('fetch', event => {
  const {request} = event, isPart = request.headers.has('HX-Request');
  if (!request.url.startsWith(location.origin + '/') || !isPart && request.mode != 'navigate') return;
  /* Back to the answer of a form: to fetch it would fail, and show what was typed to whoever leafs back. */
  if (request.cache == 'only-if-cached') return;
  if (request.method == 'GET') event.respondWith(read(event, request.url.split('#')[0], isPart));
  /* Only forms of our own pages: asked again from here, the form of another site would look like ours. */
  /* A file goes by itself while there is a network: a browser gives up a worker that waits five minutes for an answer. */
  else if (request.referrer.startsWith(location.origin + '/') && (isTyped(request) || !navigator.onLine))
    event.respondWith(send(request, isPart));
});

/* Home, guides, procedures. No search: its words are somebody's own. */
const mayKeep = url => /^\/($|huong-dan|dich-vu)[^?]*$/.test(url.slice(location.origin.length));
const isTyped = request => /urlenc/.test(request.headers.get('Content-Type'));
const after = seconds => new Promise(done => setTimeout(done, seconds * 1000));

/* The network first; after four seconds the kept copy, if there is one. */
async function read(event, url, isPart) {
  const asked = fetch(event.request), kept = async () => page(await (await caches.match(url)).text(), NOTE, isPart, 200);
  event.waitUntil(asked.then(answer => keep(answer.clone())).catch(() => {}));
  return Promise.race([asked, after(4).then(kept).catch(() => asked)]).catch(kept).catch(() => unseen(url, isPart));
}

/* Only what the site calls public; a page of somebody logged in never is. A whole page and a fragment are kept alike. */
async function keep(answer) {
  const said = name => answer.headers.get(name);
  if (!mayKeep(answer.url) || answer.status != 200 || !/^public/.test(said('Cache-Control')) || !/html/.test(said('Content-Type'))) return;
  const text = await answer.text(), cache = await caches.open(PAGES);
  const whole = /(<title>[^]*?<\/title>)[^]*<main id="main">([^]*)<\/main>/.exec(text);
  await cache.delete(answer.url);
  await cache.put(answer.url, new Response(whole ? whole[1] + whole[2] : text));
  for (const old of (await cache.keys()).slice(0, -60)) await cache.delete(old);
}

const NOTE = '<p class="note" role="status">Sóng yếu. Đây là bản đã lưu trên máy này.</p>';

async function unseen(url, isPart) {
  const cache = await caches.open(PAGES);
  let list = '';
  for (const key of await cache.keys()) {
    const title = /<title>([^]*?)<\/title>/.exec(await (await cache.match(key)).text());
    list = `<li><a href="${safe(key.url)}">${title ? title[1] : safe(key.url)}</a>` + list;
  }
  return page('<title>Mất sóng</title>', `<h1>Mất sóng</h1><p>${
    mayKeep(url) ? 'Trang này chưa mở lần nào trên máy này, nên chưa xem được.' : 'Trang này chỉ mở được khi có sóng.'
  }</p><a class="go" href="${safe(url)}">Thử lại</a>${list && `<h2>Xem được khi mất sóng</h2><ul class="list">${list}</ul>`}`, isPart, 503);
}

/* What was typed stays in the page that says so, and nowhere else. Nothing is sent again unless the person asks. */
async function send(request, isPart) {
  const typed = isTyped(request) && request.clone(), title = 'Mất sóng – chưa gửi được';
  return Promise.race([fetch(request), after(typed ? 30 : 240).then(() => Promise.reject())]).catch(async () => {
    let fields = '';
    if (typed) for (const [name, value] of new URLSearchParams(await typed.text()))
      fields += `<input type="hidden" name="${safe(name)}" value="${safe(value)}">`;
    return page(`<title>${title}</title>`, `<h1>${title}</h1>` + (typed ? `<p>Chữ bạn nhập còn nguyên. Đừng đóng trang này.</p><form method="post" action="${safe(request.url)}">${fields}<p>Khi có sóng, bấm “Gửi lại”. Bấm nhiều lần cũng chỉ tính một lần.</p><button>Gửi lại</button></form>` :
      `<p>Ảnh chưa gửi được. Bấm Quay lại rồi gửi lại ảnh.</p><a class="go" href="${safe(request.referrer)}">Quay lại</a>`), isPart, 503);
  });
}

const safe = text => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt()};`);

async function page(text, top, isPart, status) {
  if (!isPart) {
    const style = await caches.match(STYLE);
    text = `<!doctype html><html lang="vi"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${style ? await style.text() : ''}</style>${text}`;
    top = '<header><a class="home" href="/">Trang chủ</a></header><main id="main">' + top;
  }
  return new Response(text.replace('</title>', () => '</title>' + top), {status, headers: {
    'Content-Type': 'text/html;charset=utf-8', 'Cache-Control': 'no-store',
    'Content-Security-Policy': "default-src 'none';style-src 'unsafe-inline';img-src data:;form-action 'self'"
  }});
}
