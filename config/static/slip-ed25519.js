/* Ed25519 verification (RFC 8032) for browsers without it: older ones, and pages opened over plain http.
   Only public values pass through here, so nothing has to run in constant time. Used by slip.js. */
var slipEd25519 = (function () {
  "use strict";

  var P = (1n << 255n) - 19n;
  var L = (1n << 252n) + 27742317777372353535851937790883648493n;
  var WORD = (1n << 64n) - 1n;
  var D = mod(-121665n * invert(121666n));
  var I = power(2n, (P - 1n) / 4n);
  var BASE = decode(mod(4n * invert(5n)));

  function mod(n) { var r = n % P; return r < 0n ? r + P : r; }

  function power(n, exponent) {
    var result = 1n;
    for (n = mod(n); exponent > 0n; exponent >>= 1n, n = n * n % P) {
      if (exponent & 1n) { result = result * n % P; }
    }
    return result;
  }

  function invert(n) { return power(n, P - 2n); }

  function number(bytes, little) {
    var list = Array.from(bytes);
    if (little) { list.reverse(); }
    return BigInt("0x" + list.map(function (b) { return b.toString(16).padStart(2, "0"); }).join(""));
  }

  /* A point [X, Y, Z, T] from its 256-bit encoding; null when there is none (RFC 8032 §5.1.3). */
  function decode(encoded) {
    var odd = encoded >> 255n;
    var y = encoded & ((1n << 255n) - 1n);
    if (y >= P) { return null; }
    var square = mod((y * y - 1n) * invert(D * y * y + 1n));
    var x = power(square, (P + 3n) / 8n);
    if (mod(x * x) !== square) { x = mod(x * I); }
    if (mod(x * x) !== square || (x === 0n && odd)) { return null; }
    if ((x & 1n) !== odd) { x = mod(-x); }
    return [x, y, 1n, mod(x * y)];
  }

  function encode(point) {
    var z = invert(point[2]);
    return mod(point[1] * z) | ((mod(point[0] * z) & 1n) << 255n);
  }

  function add(p, q) {
    var a = mod((p[1] - p[0]) * (q[1] - q[0]));
    var b = mod((p[1] + p[0]) * (q[1] + q[0]));
    var c = mod(2n * p[3] * q[3] * D);
    var d = mod(2n * p[2] * q[2]);
    var e = b - a, f = d - c, g = d + c, h = b + a;
    return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
  }

  function times(scalar, point) {
    var result = [0n, 1n, 1n, 0n];
    for (; scalar > 0n; scalar >>= 1n, point = add(point, point)) {
      if (scalar & 1n) { result = add(result, point); }
    }
    return result;
  }

  /* SHA-512 (FIPS 180-4); its constants are the first 64 bits behind the point of roots of primes. */
  function primes(many) {
    var found = [];
    for (var n = 2; found.length < many; n++) {
      if (found.every(function (p) { return n % p; })) { found.push(n); }
    }
    return found;
  }

  function fraction(prime, degree) {
    var shifted = BigInt(prime) << (64n * degree);
    var low = 0n, high = 1n << 72n;
    while (high - low > 1n) {
      var middle = (low + high) >> 1n;
      if (middle ** degree <= shifted) { low = middle; } else { high = middle; }
    }
    return low & WORD;
  }

  var K = primes(80).map(function (p) { return fraction(p, 3n); });
  var START = primes(8).map(function (p) { return fraction(p, 2n); });

  function turn(n, by) { return ((n >> by) | (n << (64n - by))) & WORD; }

  function block(state, bytes) {
    var w = [], t, s = state.slice();
    for (t = 0; t < 16; t++) { w[t] = number(bytes.subarray(8 * t, 8 * t + 8)); }
    for (; t < 80; t++) {
      var near = w[t - 2], far = w[t - 15];
      w[t] = (w[t - 16] + w[t - 7] + (turn(far, 1n) ^ turn(far, 8n) ^ (far >> 7n)) +
        (turn(near, 19n) ^ turn(near, 61n) ^ (near >> 6n))) & WORD;
    }
    for (t = 0; t < 80; t++) {
      var a = s[0], e = s[4];
      var one = s[7] + (turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n)) + ((e & s[5]) ^ (~e & WORD & s[6])) + K[t] + w[t];
      var two = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
      s = [(one + two) & WORD, a, s[1], s[2], (s[3] + one) & WORD, e, s[5], s[6]];
    }
    return state.map(function (n, i) { return (n + s[i]) & WORD; });
  }

  /* The digest as Ed25519 takes it: a little-endian number. */
  function sha512(bytes) {
    var length = bytes.length;
    var padded = new Uint8Array(Math.ceil((length + 17) / 128) * 128);
    padded.set(bytes);
    padded[length] = 128;
    new DataView(padded.buffer).setUint32(padded.length - 4, length * 8);
    var state = START;
    for (var at = 0; at < padded.length; at += 128) { state = block(state, padded.subarray(at, at + 128)); }
    var hex = state.map(function (n) { return n.toString(16).padStart(16, "0"); }).join("");
    return BigInt("0x" + hex.match(/../g).reverse().join(""));
  }

  /* Tell whether the signature is the key's over the message; all three are bytes. */
  function verify(key, signature, message) {
    if (key.length !== 32 || signature.length !== 64) { return false; }
    var point = decode(number(key, true));
    var r = number(signature.subarray(0, 32), true);
    var s = number(signature.subarray(32), true);
    if (point === null || s >= L) { return false; }
    var all = new Uint8Array(64 + message.length);
    all.set(signature.subarray(0, 32));
    all.set(key, 32);
    all.set(message, 64);
    var negative = [mod(-point[0]), point[1], point[2], mod(-point[3])];
    return encode(add(times(s, BASE), times(sha512(all) % L, negative))) === r;
  }

  return { verify: verify };
})();
