import { test as plain } from '@playwright/test'
import { Publisher } from './publisher.ts'

interface Fixtures {
  /** Begins to publish a clip under a name; it ends with the test at the latest. */
  publish: (clip: string, name: string) => Promise<Publisher>
}

export const test = plain.extend<Fixtures>({
  publish: async ({}, use) => {
    const all: Publisher[] = []
    await use(async (clip, name) => {
      const publisher = new Publisher(clip, name)
      all.push(publisher)
      await publisher.live()
      return publisher
    })
    await Promise.all(all.map((publisher) => publisher.kill()))
  },
})
