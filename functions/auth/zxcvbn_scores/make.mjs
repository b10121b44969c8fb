// Makes guessed.txt and unguessed.txt anew: passwords of at least 15 characters that zxcvbn 4.4.2 scores below 3, and
// passwords that people may choose, of three unrelated words or more or by chance, that it scores 4.
//
//     npm install --no-save --prefix DIRECTORY zxcvbn@4.4.2
//     node make.mjs DIRECTORY
//
// Candidates of each kind are drawn by chance, always the same ones, from zxcvbn's own lists, keyboards and spellings, so
// that they are what it knows best. Which of them our own rules refuse plays no part. In each line is the kind before the
// password.

import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';

const require = createRequire(`${process.argv[2]}/`);
const zxcvbn = require('zxcvbn');
const keyboards = require('zxcvbn/lib/adjacency_graphs');
const lists = require('zxcvbn/lib/frequency_lists');
// Years are judged by how far they are from now.
require('zxcvbn/lib/scoring').REFERENCE_YEAR = 2026;

const LENGTH_MIN = 15;
const LENGTH_MAX = 64;
const GUESSED_OF_KIND = 60;
const UNGUESSED_OF_KIND = 40;
// Those of the person of the tests, and of the product.
const OWN = ['ada', 'lovelace', 'ada.lovelace', 'analytical', 'example', 'augusta', 'king', 'engines', 'm1autoposter', 'autoposter'];

// Mulberry32.
let state = 1843;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const below = (limit) => Math.floor(random() * limit);
const between = (least, most) => least + below(most - least + 1);
const one = (list) => list[below(list.length)];
const chance = (of) => random() < of;
const reversed = (text) => [...text].reverse().join('');
const times = (count, make) => Array.from({ length: count }, make).join('');

// Nothing that a colleague should not read in a failing test.
const isPolite = (word) => !/fuc?k|sh[i1]t|cunt|dick|cock|puss|sex|porn|cum|slut|bitch|nig|fag|rape|nazi|ass|tit|hitler/.test(word);
const known = Object.values(lists).map((list) => list.filter(isPolite));
const words = known.flat();
const names = [...lists.male_names, ...lists.female_names, ...lists.surnames].filter(isPolite);
const plain = lists.english_wikipedia.slice(200, 8000).filter((word) => /^[a-z]{3,9}$/.test(word) && isPolite(word));
const typed = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()-_=+.,;:'];
const SPELLINGS = { a: '4@', b: '8', c: '({[<', e: '3', g: '69', i: '1!|', l: '1|7', o: '0', s: '$5', t: '+7', x: '%', z: '2' };

// The frequent ones more often.
function word() {
  const list = one(known);
  return list[Math.floor(random() ** 2 * list.length)];
}

function capitals(text) {
  const style = between(0, 5);
  if (style === 0) return text[0].toUpperCase() + text.slice(1);
  if (style === 1) return text.toUpperCase();
  if (style === 2) return text.slice(0, -1) + text.slice(-1).toUpperCase();
  if (style === 3) return [...text].map((letter) => (chance(0.2) ? letter.toUpperCase() : letter)).join('');
  return text;
}

function spelled(text) {
  const chosen = Object.fromEntries(Object.entries(SPELLINGS).map(([letter, signs]) => [letter, one(signs)]));
  const rate = chance(0.5) ? 1 : 0.6;
  return [...text].map((letter) => (chosen[letter] && chance(rate) ? chosen[letter] : letter)).join('');
}

const varied = (text) => one([capitals, capitals, spelled, (other) => capitals(spelled(other)), reversed])(text);
const unknown = (most) => times(between(1, most), () => one(typed));

function date() {
  const padded = (number) => (chance(0.7) ? String(number).padStart(2, '0') : String(number));
  const year = String(between(1900, 2040)).slice(chance(0.4) ? 2 : 0);
  const [month, day] = [padded(between(1, 12)), padded(between(1, 28))];
  const separator = one(['', '', '', '/', '.', '-', '_', ' ']);
  return one([[year, month, day], [day, month, year], [month, day, year]]).join(separator);
}

function series() {
  const first = one([33, 48, 49, 57, 65, 90, 97, 122, 100, 110, 0x430, 50 + below(60)]);
  const step = one([1, 1, 1, -1, -1, 2, -2, 3, 4, 5, -5]);
  const codes = Array.from({ length: between(3, 18) }, (_, at) => first + step * at);
  const end = codes.findIndex((code) => code < 33 || (code > 126 && code < 0x400));
  return String.fromCharCode(...codes.slice(0, end < 0 ? codes.length : end));
}

function walk() {
  const keyboard = keyboards[one(['qwerty', 'qwerty', 'dvorak', 'keypad', 'mac_keypad'])];
  let key = one(Object.keys(keyboard));
  let direction = below(keyboard[key].length);
  let taken = key;
  for (let step = between(3, 17); step > 0; step -= 1) {
    if (chance(0.1) || !keyboard[key][direction]) direction = below(keyboard[key].length);
    const next = keyboard[key][direction];
    if (!next) continue;
    key = chance(0.1) ? next.at(-1) : next[0];
    taken += key;
  }
  return taken;
}

function repetition() {
  const said = one([() => unknown(7), word, () => varied(word()), () => word() + between(10, 99), () => word() + word(), walk, series, date])();
  return said.repeat(between(2, 7));
}

const part = () => one([() => varied(word()), () => varied(one(names)), date, series, walk, repetition, () => unknown(7), () => String(between(1900, 2026))])();
const eitherWay = (first, second) => (chance(0.5) ? first + second : second + first);

const GUESSED = {
  word: () => varied(one(words)),
  'two words': () => varied(word()) + varied(word()),
  'word and digits': () => varied(word()) + times(between(1, 8), () => below(10)),
  'word and signs': () => eitherWay(varied(word()), unknown(7)),
  'word and date': () => eitherWay(varied(word()), date()),
  names: () => varied(one(names)) + varied(one(names)),
  'own word': () => eitherWay(varied(one(OWN)), part()),
  repetition,
  'repetition and part': () => eitherWay(repetition(), part()),
  series: () => series() + (chance(0.5) ? series() : part()),
  keys: () => walk() + (chance(0.5) ? '' : part()),
  'two parts': () => part() + part(),
};

const phrase = (least, most) => () => {
  const separator = one(['', ' ', '-', '.', '_']);
  const said = Array.from({ length: between(least, most) }, () => one(plain));
  return (chance(0.3) ? said.map(capitals) : said).join(separator) + one(['', '', '', '1!', '7', '2026', '!']);
};
const LETTERS = [...'abcdefghijkmnopqrstuvwxyz'];
const ALPHANUMERIC = [...'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'];

const UNGUESSED = {
  'three words': phrase(3, 3),
  'four words': phrase(4, 4),
  'more words': phrase(5, 7),
  'three names': () => times(3, () => capitals(one(names))),
  letters: () => times(between(15, 24), () => one(LETTERS)),
  'letters and digits': () => times(between(15, 24), () => one(ALPHANUMERIC)),
  signs: () => times(between(15, 32), () => one(typed)),
  groups: () => [1, 2, 3].map(() => times(6, () => one(LETTERS))).join('-'),
};

function drawn(kinds, count, isWanted) {
  const seen = new Set();
  return Object.entries(kinds).flatMap(([kind, make]) => {
    const found = [];
    for (let tries = 0; found.length < count && tries < 100_000; tries += 1) {
      const password = make();
      const length = [...password].length;
      if (length < LENGTH_MIN || length > LENGTH_MAX || seen.has(password)) continue;
      seen.add(password);
      if (isWanted(zxcvbn(password, OWN).score)) found.push(`${kind}\t${password}\n`);
    }
    return found;
  });
}

const here = (name) => new URL(name, import.meta.url);
writeFileSync(here('guessed.txt'), drawn(GUESSED, GUESSED_OF_KIND, (score) => score < 3).join(''));
writeFileSync(here('unguessed.txt'), drawn(UNGUESSED, UNGUESSED_OF_KIND, (score) => score === 4).join(''));
