/*
 * What dbus-next takes from the addon `usocket` where that can be had: a socket by its path, here one of Bun's own. node:net and
 * the streams below it take longer to load than systemd takes to answer. Where Bun does not run this throws, as the absent addon
 * would, and dbus-next takes node:net.
 */
const { EventEmitter } = require('node:events');

if (typeof Bun === 'undefined') throw new Error('no Bun runs here');

/** As much of a node:net.Socket as dbus-next uses. */
exports.USocket = class USocket extends EventEmitter {
  writable = true;
  #socket;
  /** Bytes that have come and were not read. */
  #received = Buffer.alloc(0);
  /** Bytes that are still to be sent. */
  #waiting = [];
  #ends = false;

  constructor({ path }) {
    super();
    const ended = () => this.#ended();
    const handlers = {
      data: (_, bytes) => this.#take(bytes),
      drain: () => this.#send(),
      end: ended,
      close: ended,
      error: (_, error) => this.emit('error', error),
    };
    Bun.connect({ unix: path, socket: handlers }).then(
      (socket) => {
        this.#socket = socket;
        this.emit('connect');
        this.#send();
      },
      (error) => {
        this.writable = false;
        this.emit('error', Object.assign(new Error(`connect ${error.code} ${path}`), { code: error.code }));
      },
    );
  }

  write(data) {
    this.#waiting.push(Buffer.from(data));
    this.#send();
  }

  /** All that waits is sent first. */
  end() {
    this.writable = false;
    this.#ends = true;
    this.#send();
  }

  /** So many bytes, or null if there are fewer. */
  read(count) {
    if (this.#received.length < count) return null;
    const bytes = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return bytes;
  }

  /** Who comes to listen hears of what is there already. */
  on(name, listener) {
    super.on(name, listener);
    if (name === 'readable' && this.#received.length > 0) queueMicrotask(() => this.emit('readable'));
    return this;
  }

  #take(bytes) {
    // Bun uses the memory again.
    this.#received = Buffer.concat([this.#received, bytes]);
    this.emit('readable');
  }

  #send() {
    const socket = this.#socket;
    while (socket !== undefined && this.#waiting.length > 0) {
      const [bytes] = this.#waiting;
      const sent = Math.max(0, socket.write(bytes));
      if (sent < bytes.length) {
        this.#waiting[0] = bytes.subarray(sent);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#ends) socket?.end();
  }

  #ended() {
    if (this.#socket === undefined) return;
    this.#socket = undefined;
    this.writable = false;
    this.emit('end');
  }
};
