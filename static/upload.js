/* Sends the photo of a paper: made smaller here, then in pieces (tus 1.0), so that a lost line costs one piece at most. ES5. */
/* Fetched by gate.js when somebody is about to choose a file. Without it the form sends the file as it is. */
(function (document) {
  var running = 0;
  document.addEventListener('click', function (event) {
    var button = event.target, form = button.form || 0, input = form.file, file = input && input.files && input.files[0];
    var photo = file, offset = 0, wait = 500, address, image, reader, status;
    if (!file || !file.slice || !form.document || button.name || button.type != 'submit') return;
    event.preventDefault();
    if (form.busy) return;
    form.busy = ++running;
    status = form.appendChild(document.createElement('output'));
    status.textContent = 'Đang gửi…';
    /* An older browser would forget which way up the photo is: it sends all of it, and the server turns it. */
    if (!(window.CSS && CSS.supports('image-orientation', 'from-image'))) return send();
    image = new Image();
    image.onerror = send;
    image.onload = function () {
      var canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
      var share = Math.min(1, 1600 / Math.max(image.width, image.height));
      canvas.width = image.width * share;
      canvas.height = image.height * share;
      pen.fillStyle = '#fff';
      pen.fillRect(0, 0, 1600, 1600);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(function (small) {
        if (small && small.size < file.size) photo = small;
        send();
      }, 'image/jpeg', .65);
    };
    /* A data: address, because the pages let in no other picture. */
    reader = new FileReader();
    reader.onloadend = function () {
      image.src = reader.result;
    };
    reader.readAsDataURL(file);

    /* The next step: begin, or one piece, or, after a failure, ask how much has arrived. */
    function send() {
      var ask = new XMLHttpRequest(), isPiece = address && offset >= 0, began = Date.now();
      ask.open(isPiece ? 'PATCH' : address ? 'HEAD' : 'POST', address || 'tai-len');
      ask.timeout = 9e4;
      ask.setRequestHeader('Content-Type', 'application/offset+octet-stream');
      ask.setRequestHeader('Tus-Resumable', '1.0.0');
      ask.setRequestHeader('X-CSRFToken', form.csrf_token.value);
      ask.setRequestHeader('Upload-Length', photo.size);
      ask.setRequestHeader('Upload-Offset', offset);
      /* By the checksum the same photo, chosen again, goes on where it stopped; nothing is kept on the phone. */
      ask.setRequestHeader('Upload-Metadata', 'document ' + btoa(form.document.value) + ',filename ' +
        btoa(unescape(encodeURIComponent(file.name))) + ',checksum ' + btoa(file.size + '-' + file.lastModified));
      ask.onloadend = function () {
        var received = ask.getResponseHeader('Upload-Offset'), left = photo.size - received;
        if (received) {
          status.textContent = 'Đã gửi ' + Math.round(received / 1000) + '/' + Math.round(photo.size / 1000) + ' kB' + (isPiece ?
            ', còn khoảng ' + Math.ceil(left / (received - offset) * (Date.now() - began) / 1000) + ' giây' : '');
          address = ask.getResponseHeader('Location') || address;
          offset = +received;
          wait = 500;
          if (left) return send();
          /* The form goes as always, with the address of what was sent in the file's place. */
          input.type = 'hidden';
          input.name = 'upload';
          input.value = address;
        } else if (!ask.status || ask.status == 409 || ask.status > 499) {
          status.textContent = 'Mất sóng, đang thử lại…';
          offset = -1;
          return setTimeout(send, wait = Math.min(wait * 2, 3e4));
        }
        /* Or, refused, with the file itself. While another photo is on its way the page stays. */
        form.busy = 0;
        if (!--running) form.requestSubmit ? form.requestSubmit() : form.submit();
      };
      ask.send(isPiece ? photo.slice(offset, offset + 48000) : null);
    }
  }, true);
})(document);
