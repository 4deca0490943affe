import type { SettlementStatus } from '../activation/settlement.ts';
import type { CancelRefusal } from '../platform/cancelling.ts';
import type { ServiceStatus } from '../platform/service-status.ts';

/** The languages of the page: those of the shipped notifications. */
export type PageLanguage = 'en' | 'es';

/** What the head of the page says. */
export type PageStatus = ServiceStatus | 'declined' | 'cancelling' | 'transferred';

/** Why a link shows nothing. */
export type LinkProblem = 'unknown' | 'expired' | 'erased' | 'not_yours' | 'too_many' | 'failed';

type Phrase = readonly [title: string, text: string];
type AmountText = (amount: string) => string;

/** Every text of the page in one language. */
export interface PageTexts {
  readonly title: string;
  readonly purchase: string;
  readonly vehicle: string;
  readonly duration: string;
  readonly price: string;
  readonly bought: string;
  readonly activeFrom: string;
  readonly activeUntil: string;
  readonly withoutEnd: string;
  readonly endedAt: string;
  readonly reference: string;
  readonly payment: string;
  readonly history: string;
  readonly historyCut: string;
  readonly refresh: string;
  readonly help: (contact: string) => string;
  readonly privacy: (until: string) => string;
  readonly status: Readonly<Record<PageStatus, Phrase>>;
  /** By the state of the money; with an amount. */
  readonly money: Readonly<Record<SettlementStatus, AmountText>>;
  /** A payment that is reserved, of a service that is charged at purchase. */
  readonly authorisedAtOnce: AmountText;
  readonly noPayment: string;
  readonly cancel: {
    readonly open: string;
    readonly question: string;
    readonly confirm: string;
    readonly back: string;
    readonly requested: string;
    /** What it does before the service is active, by what was done with the money. */
    readonly reserved: AmountText;
    readonly charged: AmountText;
    readonly free: string;
    /** A command may be under way. */
    readonly race: string;
    readonly service: string;
    readonly again: string;
    readonly changed: string;
    /** Null: the status says it already. */
    readonly refused: Readonly<Record<CancelRefusal, string | null>>;
  };
  readonly problems: Readonly<Record<LinkProblem, Phrase>>;
  readonly detail: {
    readonly until: string;
    readonly appointment: string;
    readonly reference: string;
  };
}

const english: PageTexts = {
  title: 'Your purchase',
  purchase: 'Purchase',
  vehicle: 'Vehicle',
  duration: 'Duration',
  price: 'Price',
  bought: 'Bought',
  activeFrom: 'Active from',
  activeUntil: 'Active until',
  withoutEnd: 'without end',
  endedAt: 'Ended',
  reference: 'Reference number',
  payment: 'Payment',
  history: 'History',
  historyCut: 'Only the first entries are shown here.',
  refresh: 'Show the state as it is now',
  help: (contact) => `Questions? Contact support: ${contact}`,
  privacy: (until) =>
    `This page belongs to a link in an e-mail to you: who has the link sees the page. It works until ${until}.`,
  status: {
    pending: [
      'In progress',
      'We are activating the service in your vehicle. There is nothing that you need to do.',
    ],
    active: ['Active', 'The service is ready to use in your vehicle.'],
    pending_support: [
      'Not active',
      'We could not activate the service in your vehicle. Our technical support works on it.',
    ],
    failed_activation: ['Not active', 'We could not activate the service in your vehicle.'],
    cancelled: ['Cancelled', 'The purchase was cancelled. The service is not active.'],
    payment_failed: ['Active', 'The service is active, and its payment is open.'],
    ended: ['Ended', 'The service has ended.'],
    declined: ['Not bought', 'The payment was declined, and nothing was bought.'],
    cancelling: [
      'Being cancelled',
      'You asked us to cancel the purchase. Where your vehicle has received the activation already, the service becomes active all the same; you can cancel it here then.',
    ],
    transferred: ['Transferred', 'The vehicle has another owner now. The service stays with the vehicle.'],
  },
  money: {
    authorising: (amount) => `We are asking your payment service for ${amount}.`,
    declined: () => 'The payment was declined. You have NOT been charged.',
    authorised: (amount) =>
      `${amount} is reserved and not charged. You are charged once the service is active.`,
    capturing: (amount) => `${amount} is being charged.`,
    captured: (amount) => `${amount} was charged.`,
    uncollectible: (amount) => `We could not charge ${amount}. Support contacts you about it.`,
    voiding: (amount) => `The reservation of ${amount} is being released. You are not charged.`,
    voided: (amount) => `The reservation of ${amount} was released. You have NOT been charged.`,
    refunding: (amount) => `${amount} is being refunded to you.`,
    refunded: (amount) => `${amount} was refunded to you in full.`,
    unsettled: (amount) => `${amount} could not be refunded automatically. You get it back in another way.`,
    paid_back: (amount) => `${amount} was paid back to you in another way.`,
    collected: (amount) => `${amount} was paid in another way.`,
    written_off: (amount) => `The matter of ${amount} is closed.`,
  },
  authorisedAtOnce: (amount) => `${amount} is reserved and is about to be charged.`,
  noPayment: 'Nothing is to be paid.',
  cancel: {
    open: 'Cancel the purchase …',
    question: 'Cancel this purchase?',
    confirm: 'Yes, cancel the purchase',
    back: 'No, keep it',
    requested: 'We have received your cancellation.',
    reserved: (amount) =>
      `The activation stops, and the reservation of ${amount} is released: you are not charged.`,
    charged: (amount) => `The activation stops, and ${amount} is refunded to you.`,
    free: 'The activation stops.',
    race: 'Where your vehicle has received the activation already, the service becomes active all the same.',
    service:
      'The service ends now and is switched off in your vehicle. What you paid for it is not refunded.',
    again: 'Nothing was cancelled: this question was asked too long ago. Please answer it again.',
    changed:
      'Nothing was cancelled: the service became active in the meantime. Please read what a cancellation does now.',
    refused: {
      cancelled_before: null,
      declined: null,
      failed: null,
      failed_unsettled: null,
      failing: 'The activation did not succeed. The money goes back, and there is nothing left to cancel.',
      transferred: null,
      ended: null,
      renewed: 'You have renewed the service. Only the newest purchase of it can be cancelled.',
      not_once_active:
        'This service lasts as long as it was bought for. It cannot be cancelled once it is active.',
    },
  },
  problems: {
    unknown: [
      'This link is not valid',
      'It may be incomplete. Open the link in the e-mail again, or copy all of it. Otherwise contact support.',
    ],
    expired: [
      'This link has expired',
      'For your protection, a link in an e-mail works for 90 days. Open the link of a newer e-mail, or contact support.',
    ],
    erased: ['Your personal data was erased', 'Nothing is shown here any more.'],
    not_yours: [
      'Nothing is shown here',
      'The service in your vehicle was bought by its owner before you. This page shows your own purchases only.',
    ],
    too_many: ['Too many requests', 'Please wait a minute, and open the link again.'],
    failed: ['This page cannot be shown now', 'Please try again in a few minutes. Nothing was changed.'],
  },
  detail: { until: 'until', appointment: 'appointment', reference: 'reference' },
};

const spanish: PageTexts = {
  title: 'Su compra',
  purchase: 'Compra',
  vehicle: 'Vehículo',
  duration: 'Duración',
  price: 'Precio',
  bought: 'Comprado',
  activeFrom: 'Activo desde',
  activeUntil: 'Activo hasta',
  withoutEnd: 'sin fin',
  endedAt: 'Terminado',
  reference: 'Número de referencia',
  payment: 'Pago',
  history: 'Historial',
  historyCut: 'Aquí solo se muestran las primeras entradas.',
  refresh: 'Mostrar el estado actual',
  help: (contact) => `¿Preguntas? Contacte con soporte: ${contact}`,
  privacy: (until) =>
    `Esta página pertenece a un enlace de un correo que le enviamos: quien tiene el enlace ve la página. Funciona hasta el ${until}.`,
  status: {
    pending: ['En curso', 'Estamos activando el servicio en su vehículo. No tiene que hacer nada.'],
    active: ['Activo', 'El servicio está listo para usar en su vehículo.'],
    pending_support: [
      'No activo',
      'No hemos podido activar el servicio en su vehículo. Nuestro soporte técnico trabaja en ello.',
    ],
    failed_activation: ['No activo', 'No hemos podido activar el servicio en su vehículo.'],
    cancelled: ['Cancelado', 'La compra se ha cancelado. El servicio no está activo.'],
    payment_failed: ['Activo', 'El servicio está activo y su pago está pendiente.'],
    ended: ['Terminado', 'El servicio ha terminado.'],
    declined: ['No comprado', 'El pago fue rechazado y no se ha comprado nada.'],
    cancelling: [
      'En cancelación',
      'Nos ha pedido cancelar la compra. Si su vehículo ya ha recibido la activación, el servicio se activa de todos modos; entonces puede cancelarlo aquí.',
    ],
    transferred: [
      'Transferido',
      'El vehículo tiene ahora otro propietario. El servicio se queda en el vehículo.',
    ],
  },
  money: {
    authorising: (amount) => `Estamos solicitando ${amount} a su servicio de pago.`,
    declined: () => 'El pago fue rechazado. NO se le ha cobrado.',
    authorised: (amount) =>
      `${amount} está reservado y no cobrado. Se le cobra cuando el servicio esté activo.`,
    capturing: (amount) => `Se está cobrando ${amount}.`,
    captured: (amount) => `Se ha cobrado ${amount}.`,
    uncollectible: (amount) => `No hemos podido cobrar ${amount}. Soporte se pondrá en contacto con usted.`,
    voiding: (amount) => `Se está liberando la reserva de ${amount}. No se le cobra.`,
    voided: (amount) => `La reserva de ${amount} se ha liberado. NO se le ha cobrado.`,
    refunding: (amount) => `Se le está reembolsando ${amount}.`,
    refunded: (amount) => `Se le ha reembolsado ${amount} íntegramente.`,
    unsettled: (amount) =>
      `${amount} no se ha podido reembolsar automáticamente. Se le devuelve de otra forma.`,
    paid_back: (amount) => `Se le ha devuelto ${amount} de otra forma.`,
    collected: (amount) => `${amount} se ha pagado de otra forma.`,
    written_off: (amount) => `El asunto de ${amount} está cerrado.`,
  },
  authorisedAtOnce: (amount) => `${amount} está reservado y se cobra en breve.`,
  noPayment: 'No hay nada que pagar.',
  cancel: {
    open: 'Cancelar la compra …',
    question: '¿Cancelar esta compra?',
    confirm: 'Sí, cancelar la compra',
    back: 'No, conservarla',
    requested: 'Hemos recibido su cancelación.',
    reserved: (amount) => `La activación se detiene y la reserva de ${amount} se libera: no se le cobra.`,
    charged: (amount) => `La activación se detiene y se le reembolsa ${amount}.`,
    free: 'La activación se detiene.',
    race: 'Si su vehículo ya ha recibido la activación, el servicio se activa de todos modos.',
    service: 'El servicio termina ahora y se desactiva en su vehículo. Lo que pagó por él no se devuelve.',
    again: 'No se ha cancelado nada: la pregunta se hizo hace demasiado tiempo. Respóndala de nuevo.',
    changed:
      'No se ha cancelado nada: entretanto el servicio se ha activado. Lea qué hace ahora una cancelación.',
    refused: {
      cancelled_before: null,
      declined: null,
      failed: null,
      failed_unsettled: null,
      failing: 'La activación no ha tenido éxito. El dinero se devuelve y no queda nada que cancelar.',
      transferred: null,
      ended: null,
      renewed: 'Ha renovado el servicio. Solo se puede cancelar su compra más reciente.',
      not_once_active:
        'Este servicio dura el tiempo por el que se compró. No se puede cancelar una vez activo.',
    },
  },
  problems: {
    unknown: [
      'Este enlace no es válido',
      'Puede que esté incompleto. Abra de nuevo el enlace del correo o cópielo entero. Si no, contacte con soporte.',
    ],
    expired: [
      'Este enlace ha caducado',
      'Para protegerle, un enlace de un correo funciona durante 90 días. Abra el enlace de un correo más reciente o contacte con soporte.',
    ],
    erased: ['Sus datos personales se han borrado', 'Aquí ya no se muestra nada.'],
    not_yours: [
      'Aquí no se muestra nada',
      'El servicio de su vehículo lo compró su propietario anterior. Esta página solo muestra sus propias compras.',
    ],
    too_many: ['Demasiadas solicitudes', 'Espere un minuto y abra de nuevo el enlace.'],
    failed: [
      'Esta página no se puede mostrar ahora',
      'Inténtelo de nuevo en unos minutos. No se ha cambiado nada.',
    ],
  },
  detail: { until: 'hasta', appointment: 'cita', reference: 'referencia' },
};

export const pageTexts: Readonly<Record<PageLanguage, PageTexts>> = { en: english, es: spanish };

/** Returns the page's language of a BCP 47 tag; English for a language that is not shipped. */
export const pageLanguage = (tag: string): PageLanguage => (/^es(?:[-_]|$)/i.test(tag) ? 'es' : 'en');
