'use strict';

// What `require('sojourn')` gives: the session function itself, with every named export on it.
const sojourn = require('../dist/cjs/index.js');

module.exports = Object.assign(sojourn.session, sojourn);
