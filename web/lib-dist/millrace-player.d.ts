export * from './types/lib/player.js'
