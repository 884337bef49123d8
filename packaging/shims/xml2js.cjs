/*
 * dbus-next makes a Builder for every connection and a Parser for every proxy object, but uses them only to write
 * and read introspection XML.
 */
'use strict';

exports.Builder = class {
  constructor(options) {
    this.options = options;
  }
  buildObject(root) {
    return new (require('xml2js').Builder)(this.options).buildObject(root);
  }
};

exports.Parser = class {
  parseString(text, callback) {
    return new (require('xml2js').Parser)().parseString(text, callback);
  }
};
