/* dbus-next needs jsbi only where BigInt is missing, or when its compatibility mode is asked for. */
'use strict';

module.exports = new Proxy({}, { get: (_, key) => require('jsbi')[key] });
