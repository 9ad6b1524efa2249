'use strict'

const german = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }

function makeSlugger({ separator, letters }) {
  return {
    slugify: (text) =>
      text
        .toLowerCase()
        .replace(/./gu, (letter) => letters[letter] ?? letter)
        .normalize('NFKD')
        .replace(/[\u0300-\u036f]/g, '')
        .replace(/[^a-z0-9]+/g, separator)
        .replace(new RegExp(`^${separator}|${separator}$`, 'g'), ''),
  }
}

module.exports = makeSlugger({ separator: '-', letters: german })
