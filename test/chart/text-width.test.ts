import { expect, test } from 'vitest'
import { cutToWidth, textWidth, wrapToWidth } from '../../src/chart/text-width.ts'

const font = { size: 10 }

test('a text is as wide as its characters in DejaVu Sans', () => {
  expect(textWidth('', font)).toBe(0)
  expect(textWidth('il', font)).toBeCloseTo(5.6)
  expect(textWidth('WM', font)).toBeCloseTo(18.6)
  expect(textWidth('WM', { size: 10, bold: true })).toBeCloseTo(21.1)
  expect(textWidth('abc', { size: 20 })).toBeCloseTo(2 * textWidth('abc', font))
})

test('characters of other scripts take a square, marks on letters nothing, control characters nothing', () => {
  expect(textWidth('漢字', font)).toBe(21)
  expect(textWidth('e\u0301', font)).toBe(textWidth('e', font))
  expect(textWidth('\u0007', font)).toBe(0)
  expect(textWidth('😀', font)).toBeCloseTo(13.8)
})

test('what fits is left alone, what does not ends in an ellipsis and fits', () => {
  const width = textWidth('ABCDEF', font)
  expect(cutToWidth('ABCDEF', width, font)).toBe('ABCDEF')
  const cut = cutToWidth('ABCDEFG', width, font)
  expect(cut).toBe('ABCD…')
  expect(textWidth(cut, font)).toBeLessThanOrEqual(width)
  expect(cutToWidth('😀😀😀😀', 30, font)).toBe('😀…')
})

test('a name breaks between its words, code after its signs, and the last line is cut', () => {
  const width = textWidth('isAllowedTo', font)
  expect(wrapToWidth('isAllowedToPublish', width, 2, font)).toEqual(['isAllowedTo', 'Publish'])
  expect(wrapToWidth('two words', 500, 2, font)).toEqual(['two words'])
  expect(wrapToWidth('VERY_LONG_EVENT', textWidth('VERY_LONG_', font), 2, font)).toEqual(['VERY_LONG_', 'EVENT'])
  const lines = wrapToWidth('a b c d e f g h', textWidth('a b', font), 2, font)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatch(/…$/)
  for (const line of lines) expect(textWidth(line, font)).toBeLessThanOrEqual(textWidth('a b', font))
})
