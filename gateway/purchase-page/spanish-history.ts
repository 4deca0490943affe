import type { Failure, FailureCategory } from '../activation/failure.ts';
import { chargeDisputed } from '../activation/settlement.ts';
import type { RecordType } from '../platform/record-type.ts';
import type { NoticeRow } from '../store/schema.ts';
import { contradictionCode } from '../support/ticket.ts';

type Data = Readonly<Record<string, unknown>>;
type Phrase = string | ((data: Data) => string | null);

/** What happened, and why where it does not follow from the line before. */
export type SpanishText = readonly [what: Phrase, cause?: Phrase];

const failures: Readonly<Record<FailureCategory, string>> = {
  transient_network: 'falló la conexión con el vehículo',
  vehicle_offline: 'no se pudo contactar con el vehículo',
  api_iot_error: 'el servicio del vehículo no estaba disponible',
  timeout: 'el vehículo no respondió a tiempo',
  vehicle_not_ready: 'el vehículo no estaba listo',
  invalid_configuration: 'se rechazó la configuración',
  vehicle_incompatible: 'el vehículo no admite el servicio',
  authorization_failure: 'el servicio del vehículo nos rechazó',
  unknown_vehicle: 'el servicio del vehículo no conoce el vehículo',
  deadline_exceeded: 'se agotó el tiempo',
};

const notices: Readonly<Record<NoticeRow['kind'], string>> = {
  payment_confirmed: 'recibo',
  activation_started: 'activación iniciada',
  activation_successful: 'servicio activo',
  activation_failed: 'activación fallida',
  activation_cancelled: 'compra cancelada',
  service_renewed: 'servicio renovado',
  reversal_failed: 'devolución pendiente',
  reversal_settled: 'importe devuelto',
  reversal_closed: 'importe cerrado',
  capture_failed: 'cobro fallido',
  capture_settled: 'importe saldado',
  service_cancelled: 'servicio terminado',
  payment_disputed: 'pago disputado',
  page_link: 'enlace nuevo',
  support_service_active: 'servicio activo',
  support_workshop_visit: 'visita al taller',
  support_workaround: 'solución alternativa',
  support_question: 'pregunta de soporte',
};

const failureOf: Phrase = ({ failure }) =>
  failure === null || failure === undefined ? null : failures[(failure as Failure).category];
const channelOf = ({ channel }: Data) => (channel === 'push' ? 'notificación' : 'correo electrónico');
const noticeOf = ({ kind }: Data) => notices[kind as NoticeRow['kind']] ?? '';
const given =
  (key: string): Phrase =>
  (data) =>
    typeof data[key] === 'string' ? String(data[key]) : null;

function resolutionOf({ resolution }: Data): string {
  const { kind } = (resolution ?? {}) as { kind?: string };
  if (kind === 'service_appointment') return 'se concertó una visita al taller';
  if (kind === 'bug_report') return 'se encontró otra solución mientras tanto';
  return 'el servicio está activo';
}

/** The history as its customer reads it, in Spanish: a text for each type of the customer view (`customerTypes`). */
export const spanishHistory: Readonly<Partial<Record<RecordType, SpanishText>>> = {
  'purchase.created': [({ serviceName }) => `se compró ${String(serviceName)}`, 'su pedido'],
  'activation.payment_confirmed': ['se confirmó el pago', 'el servicio de pago tiene el dinero o lo reserva'],
  'activation.queued_for_activation': ['la activación espera su turno', 'se confirmó el pago'],
  'activation.sending_command': [
    ({ attempt }) => `se envía la orden al vehículo, intento ${String(attempt)}`,
    ({ attempt }) =>
      attempt === 1 ? 'tocaba el primer intento' : 'terminó la espera tras el último intento',
  ],
  'activation.success': [
    'el vehículo la aplicó',
    ({ evidence }) =>
      evidence === 'reported_state' ? 'el vehículo lo comunica' : 'la respuesta del vehículo lo confirma',
  ],
  'activation.renewed': ['se renovó el servicio', 'ya estaba activo: no hubo que enviar nada'],
  'activation.failure': [
    ({ attempt }) =>
      attempt === undefined ? 'no es posible' : `el intento ${String(attempt)} no tuvo éxito`,
    failureOf,
  ],
  'activation.waiting_backoff': ['el próximo intento espera', 'el intento anterior no tuvo éxito'],
  'activation.max_retries_exceeded': ['no queda ningún intento', 'no se permiten más'],
  'activation.querying_vehicle_state': ['se consulta el vehículo una vez más', 'no sigue ningún intento'],
  'activation.escalating_to_support': ['soporte se hace cargo', failureOf],
  'activation.reversing_payment': ['se revierte el pago', 'no se entregó el servicio'],
  'activation.notifying_customer': ['se le avisa', 'el servicio está activo'],
  'activation.notifying_failure': ['se le avisa', 'no tuvo éxito'],
  'activation.active': ['el servicio está activo', 'el vehículo lo aplicó o ya lo tenía'],
  'activation.failed': ['la activación ha fallado', 'no se entregó'],
  'activation.cancelled': ['la compra está cancelada', 'ya no la quería'],
  'activation.declined': ['no se compró nada', 'el pago fue rechazado'],
  'activation.dormant': [
    'la función está desactivada',
    'el vehículo lo comunica o no puede tener la función',
  ],
  'activation.superseded': ['se descartó la desactivación', 'un cliente vuelve a tener la función'],
  'activation.late_success': ['el vehículo la aplicó demasiado tarde', 'la activación había fallado antes'],
  'activation.cancel_requested': ['pidió cancelarla', 'su solicitud'],
  'revocation.owed': ['la función se desactivará', 'el vehículo puede haberla aplicado aunque falló'],
  'payment.authorised': ['el importe está reservado', 'el servicio de pago aceptó'],
  'payment.declined': ['el pago fue rechazado'],
  'payment.captured': ['se cobró el importe', 'el servicio está pagado'],
  'payment.uncollectible': ['no se pudo cobrar el importe'],
  'payment.voided': ['se liberó la reserva', 'no se cobra nada'],
  'payment.refunded': ['se reembolsó el importe', 'no se cobra nada'],
  'payment.unsettled': [
    ({ code }) =>
      code === chargeDisputed
        ? 'el banco retiene el importe por la disputa; se reembolsa si el banco nos lo devuelve'
        : 'el importe no se pudo reembolsar automáticamente; se devuelve de otra forma',
  ],
  'payment.disputed': ['se pidió al banco recuperar el importe', 'se disputó el pago'],
  'payment.dispute_won': ['el importe sigue cobrado', 'el banco rechazó la disputa'],
  'payment.dispute_lost': ['el banco devolvió el importe', 'se aceptó la disputa'],
  'payment.charged_back': ['el importe se queda con usted', 'el banco aceptó la disputa'],
  'payment.paid_back': ['el importe se devolvió de otra forma', 'lo saldó una persona'],
  'payment.collected': ['el importe se pagó de otra forma', 'lo saldó una persona'],
  'payment.written_off': ['se cerró el asunto del importe', given('reason')],
  'ticket.opened': [
    'se abrió un caso de soporte',
    ({ problem }) =>
      problem === contradictionCode
        ? 'el vehículo no conserva el estado que confirmó'
        : 'la activación ha fallado',
  ],
  'ticket.started': ['soporte trabaja en ello', 'lo tomó un técnico'],
  'ticket.retry_started': ['soporte lo intenta una vez más', 'lo pidió un técnico'],
  'ticket.inspection_scheduled': ['se concertó una visita al taller', 'hay que revisar el vehículo'],
  'ticket.customer_contacted': ['soporte le escribió', given('message')],
  'ticket.resolved': ['el caso de soporte está resuelto', resolutionOf],
  'ticket.closed': ['se cerró el caso de soporte', 'el trabajo ha terminado'],
  'ticket.reopened': ['soporte vuelve a trabajar en ello'],
  'entitlement.expired': ['el servicio ha terminado', 'se acabó su tiempo'],
  'entitlement.shortened': ['el servicio termina antes', 'no se pudo cobrar'],
  'entitlement.restored': ['el servicio dura el tiempo por el que se compró', 'está pagado'],
  'entitlement.cancelled': ['el servicio ha terminado', 'se canceló'],
  'vehicle.transferred': ['el vehículo tiene otro propietario', 'se registró para otro cliente'],
  'customer.erased': ['se borraron los datos personales', 'su solicitud'],
  'notice.sent': [(data) => `enviado por ${channelOf(data)}: ${noticeOf(data)}`, 'se le avisa'],
  'notice.dead': [(data) => `no se pudo enviar por ${channelOf(data)}: ${noticeOf(data)}`],
  'reconciliation.revocation': [
    'se desactiva la función',
    'el vehículo comunica una función sin propietario',
  ],
  'reconciliation.reactivation': ['se reactiva la función', 'el vehículo ha perdido una función que tiene'],
};

/** Returns a line in Spanish; null for a type without one, which is then shown in English. */
export function spanishLine(type: string, data: Data): { what: string; cause: string | null } | null {
  const known = Object.hasOwn(spanishHistory, type) ? spanishHistory[type as RecordType] : undefined;
  if (known === undefined) return null;
  const [what, cause] = known;
  const text = (phrase: Phrase | undefined) =>
    typeof phrase === 'function' ? phrase(data) : (phrase ?? null);
  return { what: text(what) ?? '', cause: text(cause) };
}
