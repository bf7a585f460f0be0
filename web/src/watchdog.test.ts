import { expect, test } from 'vitest'
import { Watchdog } from './watchdog.ts'

/** Each row is [time, video bytes, frames, audio packets] and the verdict. */
function judge(rows: [number, number, number, number, string][]) {
  const dog = new Watchdog()
  for (const [at, videoBytes, framesDecoded, audioPackets, verdict] of rows) {
    expect([at, dog.observe({ at, videoBytes, framesDecoded, audioPackets })]).toEqual([at, verdict])
  }
}

test('a healthy stream flows, also between two of its frames', () => {
  judge([
    [0, 10, 1, 0, 'flowing'],
    [250, 12, 1, 5, 'unknown'],
    [1000, 60, 20, 40, 'flowing'],
  ])
})

test('nothing ever comes', () => {
  judge([
    [0, 0, 0, 0, 'unknown'],
    [2900, 0, 0, 0, 'unknown'],
    [3000, 0, 0, 0, 'quiet'],
  ])
})

test('the publisher leaves and comes back', () => {
  judge([
    [0, 100, 30, 50, 'flowing'],
    [1000, 100, 30, 50, 'unknown'],
    [3000, 100, 30, 50, 'quiet'],
    [9000, 100, 30, 50, 'quiet'],
    [9250, 130, 31, 51, 'flowing'],
  ])
})

test('packets without frames', () => {
  judge([
    [0, 5, 0, 5, 'unknown'],
    [2000, 500, 0, 100, 'unknown'],
    [3000, 700, 0, 150, 'undecodable'],
    [3250, 760, 1, 160, 'flowing'],
  ])
})

test('the picture is switched off', () => {
  judge([
    [0, 100, 30, 50, 'flowing'],
    [3000, 100, 30, 200, 'picture_paused'],
    [7000, 100, 30, 200, 'quiet'],
  ])
})

test('sound without a picture', () => {
  judge([
    [0, 0, 0, 1, 'unknown'],
    [1000, 0, 0, 50, 'unknown'],
    [1500, 0, 0, 75, 'audio_only'],
    [2500, 0, 0, 125, 'audio_only'],
    [5400, 0, 0, 125, 'unknown'],
    [5500, 0, 0, 125, 'quiet'],
    [6000, 30, 1, 130, 'flowing'],
  ])
})
