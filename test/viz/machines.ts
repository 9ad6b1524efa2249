/** The twelve machines that are drawn and looked at, by the name of their file and picture. */
import type { AnyStateMachine } from 'xstate'
import { checkout } from './machines/checkout.ts'
import { elevator } from './machines/elevator.ts'
import { fetchWithRetry } from './machines/fetch-with-retry.ts'
import { fileUpload } from './machines/file-upload.ts'
import { mediaPlayer } from './machines/media-player.ts'
import { orderSaga } from './machines/order-saga.ts'
import { platformGame } from './machines/platform-game.ts'
import { signIn } from './machines/sign-in.ts'
import { signupForm } from './machines/signup-form.ts'
import { subscription } from './machines/subscription.ts'
import { textEditor } from './machines/text-editor.ts'
import { trafficLight } from './machines/traffic-light.ts'

export const twelveMachines: Readonly<Record<string, AnyStateMachine>> = {
  checkout,
  elevator,
  'fetch-with-retry': fetchWithRetry,
  'file-upload': fileUpload,
  'media-player': mediaPlayer,
  'order-saga': orderSaga,
  'platform-game': platformGame,
  'sign-in': signIn,
  'signup-form': signupForm,
  subscription,
  'text-editor': textEditor,
  'traffic-light': trafficLight,
}
