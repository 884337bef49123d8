/*
 * string-width sets up two ICU segmenters and several Unicode regular expressions when it is loaded: some 60 of
 * yargs' 140 ms. Berth's own texts are printable ASCII, where width is length.
 */
'use strict';

module.exports = (text, options) =>
  typeof text === 'string' && /^[\x20-\x7e]*$/.test(text)
    ? text.length
    : require('string-width').default(text, options);
