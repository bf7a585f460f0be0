import { test as plain } from '@playwright/test'
import { type Addresses, Publisher } from './publisher.ts'

interface Fixtures {
  /** Begins to publish a clip under a name; it ends with the test at the latest. */
  publish: (clip: string, name: string, gateway?: Addresses) => Promise<Publisher>
}

export const test = plain.extend<Fixtures>({
  publish: async ({}, use) => {
    const all: Publisher[] = []
    await use(async (clip, name, gateway) => {
      const publisher = new Publisher(clip, name, gateway)
      all.push(publisher)
      await publisher.live()
      return publisher
    })
    await Promise.all(all.map((publisher) => publisher.kill()))
  },
})
