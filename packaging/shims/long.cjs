/* long compiles a WebAssembly module when it is loaded; dbus-next needs it only for integers of 64 bits. */
'use strict';

function Long(low, high, unsigned) {
  return new (require('long'))(low, high, unsigned);
}
Long.fromString = (text, unsigned, radix) => require('long').fromString(text, unsigned, radix);

module.exports = Long;
