import type { PageTexts } from './page-text.ts';

/** Every text of the page in Spanish. */
export const spanish: PageTexts = {
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
  newLink: 'Enviarme un enlace nuevo',
  problems: {
    unknown: [
      'Este enlace no es válido',
      'Puede que esté incompleto. Abra de nuevo el enlace del correo o cópielo entero. Si no, contacte con soporte.',
    ],
    expired: [
      'Este enlace ha caducado',
      'Para protegerle, un enlace de un correo funciona durante 90 días. Abra el enlace de un correo más reciente o pida que le enviemos un enlace nuevo a la dirección de correo de la compra.',
    ],
    link_sent: [
      'Le enviamos un enlace nuevo',
      'Si la compra sigue siendo suya, un correo con un enlace nuevo está en camino a la dirección de la compra. Puede tardar unos minutos; enviamos un enlace al día.',
    ],
    erased: ['Sus datos personales se han borrado', 'Aquí ya no se muestra nada.'],
    not_yours: [
      'Aquí no se muestra nada',
      'El servicio de su vehículo lo compró su propietario anterior. Esta página solo muestra sus propias compras.',
    ],
    too_many: ['Demasiadas solicitudes', 'Espere un minuto y abra de nuevo el enlace.'],
    unreadable: [
      'Esta solicitud no se ha podido leer',
      'Abra de nuevo el enlace del correo y use los botones de la página. No se ha cambiado nada.',
    ],
    failed: [
      'Esta página no se puede mostrar ahora',
      'Inténtelo de nuevo en unos minutos. No se ha cambiado nada.',
    ],
  },
  detail: { until: 'hasta', appointment: 'cita', reference: 'referencia' },
};
