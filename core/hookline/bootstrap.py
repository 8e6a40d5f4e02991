"""The composition root: builds one installation's parts from its settings, and starts and stops its engine."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect

from hookline.bus import EventBus
from hookline.contributions import PluginContext
from hookline.db import migrate
from hookline.db.database import Database
from hookline.db.leadership import SoleEngine, leadership_for
from hookline.engine import Engine
from hookline.health import HealthCheck
from hookline.jobs import Job
from hookline.outbound_addresses import AddressBook, AllowList
from hookline.permissions import CORE_PERMISSIONS, Permissions
from hookline.plugin_changes import PluginChanges
from hookline.plugin_health import PluginChecks
from hookline.plugin_host.faults import Budget
from hookline.plugin_host.host import PluginHost
from hookline.plugin_memory import MemoryWatch
from hookline.plugin_quarantine import QuarantineKeeper
from hookline.plugin_readers import PluginReaders
from hookline.plugin_settings import PluginSettings
from hookline.plugin_times import PluginTimes
from hookline.ports.clock import Clock, SystemClock
from hookline.ports.recording_store import RecordingStore
from hookline.scheduler import Scheduler
from hookline.services.agents import AgentService
from hookline.services.api_replies import ReplyService
from hookline.services.call_reads import CallReadService
from hookline.services.callbacks import CallbackService
from hookline.services.campaign_answerers import AnswererCorrections
from hookline.services.campaign_forecast import ForecastService
from hookline.services.campaign_life import CampaignLife
from hookline.services.campaign_plugins import CampaignPlugins
from hookline.services.campaigns import CampaignService
from hookline.services.clients import ClientService
from hookline.services.contact_history import ContactHistory
from hookline.services.contact_intake import ContactIntake
from hookline.services.contact_search import tidy_job
from hookline.services.contacts import ContactService
from hookline.services.core_jobs import core_jobs, dialling_jobs
from hookline.services.custom_fields import CustomFieldService
from hookline.services.data.agents import agent_holders
from hookline.services.data.calls import call_holders
from hookline.services.data.contacts import contact_holders
from hookline.services.data.register import DataRegister
from hookline.services.data.subjects import SubjectFinder
from hookline.services.desk import DeskService
from hookline.services.desk_calls import DeskCalls
from hookline.services.dial_watch import DialWatch
from hookline.services.dialler.service import Dialler
from hookline.services.dialler.ticks import TickReads
from hookline.services.dialler.waiting import WaitingCustomers
from hookline.services.explain import ExplainService
from hookline.services.exports import ExportService
from hookline.services.exports_contacts import ContactExport
from hookline.services.exports_webhook import ResultPushes
from hookline.services.fail_over import fail_over_jobs
from hookline.services.feeds import Feeds
from hookline.services.figures import FigureService
from hookline.services.gate import DialGate
from hookline.services.health import HealthService
from hookline.services.health_checks import Parts, PluginHealth, core_checks
from hookline.services.identity import IdentityService
from hookline.services.imports import ImportReports, ImportService, ImportUndo
from hookline.services.imports.sources import ImportSources
from hookline.services.job_board import JobBoard
from hookline.services.lists import ListService
from hookline.services.mail import MailServer, MailService
from hookline.services.notifications import DispositionNotifier
from hookline.services.phone import PhoneService
from hookline.services.placing import Placer
from hookline.services.presenting import Presenter
from hookline.services.record_reads import RecordReadService
from hookline.services.recording_codecs import RecordingCodecs
from hookline.services.recording_moves import RecordingMoves
from hookline.services.recordings import RecordingService
from hookline.services.rehearsal.service import RehearsalService
from hookline.services.release_sets import ReleaseSets
from hookline.services.required_policies import RequiredPolicies
from hookline.services.stations import StationService
from hookline.services.supervision import SupervisionRules
from hookline.services.suppression import SuppressionService
from hookline.services.suppression_lists import SuppressionLists
from hookline.services.tokens import TokenService
from hookline.services.webhooks import Webhooks
from hookline.services.work import WorkService
from hookline.settings import Settings, load_settings
from hookline.storage.choosing import stores_for
from hookline.text import N_


class Runtime:
    """Everything an installation is made of. Building it touches no network and starts no thread; `start` does."""

    def __init__(self, settings: Settings, clock: Clock | None = None, host: PluginHost | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        if settings.database_url.startswith("sqlite:"):
            settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.db = Database(settings.database_url, self.clock)
        self._sole_engine = SoleEngine(self.db.engine)
        self.bus = EventBus(self.db)
        self.host = host or _plugin_host(settings)
        self.quarantine = QuarantineKeeper(self.db, self.host)
        self.memory = MemoryWatch(self.host.active_packages)
        self._plugin_times = PluginTimes(settings.data_dir, self.host.timings)
        self.host.discover()
        self.host.load(self.plugin_context)
        self.permissions = Permissions({**CORE_PERMISSIONS, **self.host.permissions()})
        self.identity = IdentityService(self.db, self.permissions)
        self.clients = ClientService(self.db)
        self.stations = StationService(self.db)
        self.gate = DialGate(self.db, self.host)
        rules = SupervisionRules.of(settings.supervision_reason, settings.supervision_notice)
        self.desk_calls = DeskCalls(
            self.db, self.host, self.gate, self.identity, settings.recordings_dir, settings.prompts_dir, rules
        )
        self.calls = self.desk_calls.calls
        working, store = stores_for(settings, self.clock)
        self.recordings = RecordingService(self.db, working, store)
        self.recording_moves = RecordingMoves(self.db, self.recordings, working, store)
        self.recording_codecs = RecordingCodecs(self.db, self.recordings, settings.recording_format)
        self.agents = AgentService(self.db, self.host, self.calls, self.desk_calls.party_gate)
        self.phone = PhoneService(self.db, self.host, self.calls)
        self.placer = Placer(self.db, self.gate, self.calls)
        self.presenter = Presenter(self.db, self.gate, self.placer)
        self.work = WorkService(self.db, self.gate, self.placer, self.presenter)
        self.callbacks = CallbackService(self.db)
        self.desk = DeskService(self.db, self.host, self.desk_calls.targets, rules.notice)
        self._make_campaigns()
        self.dial_watch = DialWatch(self.db, self.calls, self.campaigns)
        self.waiting = WaitingCustomers(self.db, self.calls)
        self.calls.dialled = self.presenter.waiting = self.waiting
        self.dialler = Dialler(self.db, self.gate, self.calls, self.waiting, self.host)
        self.dialler_ticks = TickReads(self.db)
        self._make_lists(settings)
        self.explain = ExplainService(self.db, self.gate)
        self.call_reads = CallReadService(self.db, self.host)
        self.record_reads = RecordReadService(self.db)
        self.tokens = TokenService(self.db, self.permissions)
        self.api_replies = ReplyService(self.db)
        self.mail = MailService(self.db, _mail_server(settings), self.host.active_packages())
        self.webhooks = Webhooks(self.db, settings.data_dir / "webhook_key", settings.webhook_allowed_hosts)
        self.result_pushes = ResultPushes(self.db, self.exports, self.webhooks.sender.post)
        self._read_events()
        self._make_keepers(store)

    def _make_campaigns(self) -> None:
        """What people do with campaigns."""
        self.campaigns = CampaignService(self.db, self.host)
        self.campaign_life = CampaignLife(self.db, self.campaigns)
        self.rehearsals = RehearsalService(self.db)
        self.forecasts = ForecastService(self.db)
        self.answerers = AnswererCorrections(self.db)
        self.required_policies = RequiredPolicies(self.db)
        self.campaign_plugins = CampaignPlugins(self.db, self.host)

    def _make_lists(self, settings: Settings) -> None:
        """Contacts and their lists: in, out, and who must not be called."""
        self.lists = ListService(self.db)
        self.contacts = ContactService(self.db)
        self.contact_history = ContactHistory(self.db)
        self.contact_intake = ContactIntake(self.db)
        self.suppression = SuppressionService(self.db, settings.uploads_dir)
        self.suppression_lists = SuppressionLists(self.db)
        self.exports = ExportService(self.db, self.host)
        self.contact_export = ContactExport(self.db)
        self.figures = FigureService(self.db)
        self.feeds = Feeds(self.db)
        self.imports = ImportService(self.db, settings.uploads_dir)
        self.import_reports = ImportReports(self.db)
        self.import_undo = ImportUndo(self.db)
        book = AddressBook(AllowList(settings.webhook_allowed_hosts))
        self.import_sources = ImportSources(self.db, self.imports, settings.data_dir / "inbox", book)

    def _make_keepers(self, store: RecordingStore) -> None:
        """What runs by itself and looks after the rest: the engine, jobs, health, personal data."""
        self.engine = Engine(
            self.db,
            self.host,
            self.calls,
            self.agents,
            self.presenter,
            self.waiting,
            self.recordings,
            self.desk_calls,
        )
        self.job_board = JobBoard(self.db)
        self._leadership = leadership_for(self.db.engine, self.settings.data_dir)
        self.scheduler = Scheduler(self._jobs(), self.job_board, self._leadership, self._is_active)
        plugins = PluginChecks(self.host, self.plugin_readers, self.memory).checks()
        self._own_checks = [*core_checks(self._looked_at(store)), *plugins, self.webhooks.check, self.mail.check]
        self.health = HealthService(self._checks(), self._is_active)
        self.release_sets = ReleaseSets(self.db)
        self.plugin_changes = PluginChanges(self.db, self.host, self.settings, self.release_sets)
        self.custom_fields = CustomFieldService(self.db)
        self.data_subjects = SubjectFinder(self.db)
        self.data_register = self._data_register()

    def contributions_changed(self) -> None:
        """Take over what plugins contribute now, after one came or went: permissions, jobs, checks, holders, mails."""
        self.permissions.replace({**CORE_PERMISSIONS, **self.host.permissions()})
        self.scheduler.replace(self._jobs())
        self.health.replace(self._checks())
        self.data_register = self._data_register()
        self.mail.use_plugins(self.host.active_packages())

    def _checks(self) -> list[HealthCheck]:
        return [*self._own_checks, *self.host.health_checks().values()]

    def _data_register(self) -> DataRegister:
        core = [*contact_holders(), *call_holders(self.recordings.store_of), *agent_holders()]
        return DataRegister(self.db, [*core, *self.host.data_holders().values()], self._unreached_owners)

    def _unreached_owners(self) -> list[str]:
        """Plugins that have tables here, but are not active."""
        tables = inspect(self.db.engine).get_table_names()
        idle = [name for name in self.host.statuses if not self.host.is_active(name)]
        return [name for name in idle if any(table.startswith(f"{name}_") for table in tables)]

    def _read_events(self) -> None:
        tell = DispositionNotifier(self.db, self.host).tell
        self.plugin_readers = PluginReaders(self.db, self.bus, self.host, tell, self.keep_watch)
        self.bus.read_apart(self.plugin_readers)
        self.bus.read("core.webhooks", self.webhooks.queue.on_event)
        self.bus.read("core.mail-notices", self.mail.notices.on_event)

    def _jobs(self) -> list[Job]:
        return [
            *core_jobs(
                self.agents, self.presenter, self.callbacks, self.desk_calls, self.settings.browser_grace_seconds
            ),
            *dialling_jobs(self.dial_watch, self.presenter, self.dialler),
            *self.rehearsals.jobs(),
            *self.result_pushes.jobs(),
            Job("core.store-recordings", N_("Bring recordings to their store"), self.recording_moves.run, 30),
            *self.import_sources.jobs(),
            tidy_job(self.db),
            Job("core.compress-recordings", N_("Compress recordings"), self.recording_codecs.run, 60),
            *fail_over_jobs(self.db, self.host, self.settings.fail_over),
            *self.webhooks.jobs(),
            *self.mail.jobs(),
            *self.host.jobs().values(),
        ]

    def _looked_at(self, store: RecordingStore) -> Parts:
        return Parts(
            self.db,
            self.host,
            self.job_board,
            store,
            self._leadership,
            self.settings.data_dir,
            (self.settings.host, self.settings.port),
            packages=self.host.active_packages,
            plugins=lambda: [
                PluginHealth(s.name, s.state.value, s.note, s.errors) for s in self.host.statuses.values()
            ],
            engine_runs=lambda: self.engine.running,
        )

    def start(self) -> None:
        """Start the engine: reconcile, telephony backends, event bus, jobs. One process per installation does.

        Raises Conflict where another one already does (on PostgreSQL; on SQLite `hookline serve` holds a file).
        """
        self._sole_engine.take()
        self.require_tables()
        self.quarantine.look(now=True)
        self.bus.start()
        self.engine.start()
        self.imports.recover()
        self.webhooks.sender.start()
        self.scheduler.start()

    def stop(self) -> None:
        """Stop dialling, hang up, publish what is left."""
        self.scheduler.stop()
        self._plugin_times.keep(now=True)
        self.imports.stop()
        self.engine.stop()
        self.bus.stop()
        self.webhooks.sender.stop()
        self._sole_engine.release()

    def keep_watch(self) -> None:
        """Follow other processes' quarantines, measure memory, keep plugins' times: cheap, called again and again."""
        self.quarantine.look()
        self.memory.sample()
        if self.engine.running:
            self._plugin_times.keep()

    def require_alone(self) -> None:
        """Raise Conflict where another process runs the engine on this database."""
        self._sole_engine.take()
        self._sole_engine.release()

    def _is_active(self, owner: str) -> bool:
        return owner == "core" or self.host.is_active(owner)

    def plugin_context(self, name: str) -> PluginContext:
        """What a plugin is given when it is loaded."""
        data_dir: Path = self.settings.data_dir / "plugins" / name
        return PluginContext(self.db, self.clock, self.plugin_settings(name).loaded(), data_dir)

    def plugin_settings(self, name: str) -> PluginSettings:
        """An installed plugin's settings."""
        manifest = self.host.manifests[name]
        return PluginSettings(name, manifest.package, manifest.settings, self.settings)

    def migrate(self) -> list[migrate.MigrationFailed]:
        """Bring the database up to this program: core, then each active plugin; one that fails is marked so."""
        failed = migrate.upgrade(self.db.engine, self.host.active_packages())
        for one in failed:
            self.host.mark_failed(one.plugin, N_("Its migrations failed and were taken back: %(error)s"), one.error)
        return failed

    def require_tables(self) -> None:
        """Raise MigrationsPending where core's tables are older than this program; a plugin whose are has failed."""
        late = migrate.pending(self.db.engine, self.host.active_packages())
        if "core" in late:
            raise migrate.MigrationsPending(
                N_("The database is not set up, or older than this program (%(owners)s)."),
                N_("Make a backup, then run: hookline db upgrade. A new installation: hookline init."),
                params={"owners": ", ".join(late)},
            )
        for name in late:
            error = migrate.MigrationsPending(N_("Run hookline db upgrade; it says what keeps them from working."))
            self.host.mark_failed(name, N_("Its migrations are not applied. %(error)s"), error)

    def close(self) -> None:
        """Let go of threads and connections."""
        self.imports.stop()
        self.quarantine.settle()
        self.host.close()
        self.db.dispose()


def _plugin_host(settings: Settings) -> PluginHost:
    budget = Budget(settings.plugin_errors_allowed, settings.plugin_error_window_seconds)
    return PluginHost(settings.disabled_plugins, budget, settings.plugin_load_seconds, settings.enabled_plugins)


def _mail_server(settings: Settings) -> MailServer:
    return MailServer(
        settings.mail_host,
        settings.mail_port,
        settings.mail_security,
        settings.mail_username,
        settings.mail_password,
        settings.mail_sender,
    )


def build(folder: Path | None = None) -> Runtime:
    """The installation in `folder` (default: HOOKLINE_HOME or the working folder)."""
    return Runtime(load_settings(folder))
