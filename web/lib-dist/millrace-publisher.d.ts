export * from './types/lib/publisher.js'
