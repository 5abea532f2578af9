// Stands in for string-width in the bundle: the package builds an Intl.Segmenter and a large regular expression when it is loaded, which is most of
// what yargs costs at start. Plain text needs neither; everything else builds the segmenter when it first comes.
let segmenter;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
// Latin letters, and the dashes, dots, arrows, lines and marks of our own tables: each a column wide.
const NARROW = /^[\x20-\x7e\xa0-\xac\xae-\u02ff\u2010-\u2027\u2190-\u21ff\u2500-\u259f\u2713\u2717]*$/;
module.exports = function stringWidth(text) {
  if (typeof text !== 'string' || text === '') return 0;
  const bare = text.includes('\u001b') ? require('node:util').stripVTControlCharacters(text) : text;
  if (NARROW.test(bare)) return bare.length;
  segmenter ??= new Intl.Segmenter();
  let width = 0;
  for (const { segment } of segmenter.segment(bare)) {
    if (/^[\p{Cc}\p{Cf}\p{Mn}]+$/u.test(segment)) continue;
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
};
