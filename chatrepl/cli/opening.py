"""What a chat begins with: the session that goes on, the profile that answers, and the session made of both."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chatrepl import NamedTuple, chat, cli, config, files, replace, sessions
from chatrepl.chat import guard
from chatrepl.chat.recall import recalled
from chatrepl.chat.session import Session
from chatrepl.chat.tooling import Tooling
from chatrepl.chat.user import User
from chatrepl.cli.options import Options
from chatrepl.client import choosing, embedded
from chatrepl.config.config import Config, Profile
from chatrepl.config.paths import Paths
from chatrepl.config.place import Embedded
from chatrepl.errors import CommandError
from chatrepl.sessions.entries import Mark
from chatrepl.sessions.transcript import Transcript
from chatrepl.terminal import prompt
from chatrepl.terminal.interrupts import Interrupts
from chatrepl.terminal.screen.screen import Screen
from chatrepl.terminal.typeahead import KeyBuffer
from chatrepl.text import urls

if TYPE_CHECKING:
    from chatrepl.chat.prompt_files import Words
    from chatrepl.config.prompts import PromptFile


class Opening(NamedTuple):
    """All that a session is made of but the user."""

    options: Options
    config: Config
    paths: Paths
    env: Mapping[str, str]
    screen: Screen
    profile: Profile
    found: Transcript | None
    interrupts: Interrupts
    prompt: "PromptFile | None" = None
    """The prompt file that was named."""

    @property
    def asks(self) -> "PromptFile | None":
        """The prompt file, if it asks something."""
        return None if self.prompt is None or self.prompt.is_persona else self.prompt

    def words(self, piped: str) -> "Words":
        """What goes into the prompt file."""
        values, words = config.filling.pairs(self.prompt, self.options.words) if self.prompt else ({}, [])
        return chat.prompt_files.Words(words, values, piped)

    def begin(self, user: User) -> tuple[Session, str]:
        """The session with that user, and the question that is open at its end. A system prompt with a
        key in it is a CommandError."""
        options, ui = self.options, self.config.ui
        session = Session(
            self.config,
            self.paths,
            self.env,
            self.profile,
            self.screen,
            ui=replace(ui, stream=ui.stream and not options.no_stream, statistics=ui.statistics and user.has_prompt),
            interrupts=self.interrupts,
            ephemeral=options.ephemeral,
            record=files.path_of(options.record) if options.record else None,
            user=user,
            tooling=self._tooling(),
            found=self.found,
        )
        if (options.tools or options.allow or (self.prompt and self.prompt.tools)) and not session.tooling.are_known(
            self.config.tools
        ):
            chat.calling.demand(session)
        line = session.settle()
        if options.schema:
            chat.json_answers.hold(session, chat.json_answers.of_words(options.schema))
        elif self.prompt and self.prompt.is_persona:
            chat.json_answers.hold(session, self.prompt.schema or chat.json_answers.held(session))
        elif self.prompt and not options.interactive:
            session.prompted = self.prompt
        if options.system is not None or (self.prompt and self.prompt.system):
            guard.refuse_key(session, "The system prompt", self.profile.system)
            if self.found:
                session.transcript.add(Mark("system", self.profile.system))
        return session, line

    def _tooling(self) -> Tooling:
        """What the model may call from the start: what the flags say, else the profile, else the configuration."""
        options, said = self.options, self.config.tools
        if options.no_tools:
            return Tooling()
        wanted = self.prompt.tools if self.prompt and (self.prompt.is_persona or not options.interactive) else None
        usual = self.profile.tools or (said.on if said else ())
        return Tooling(options.tool_names or (usual if wanted is None else wanted), options.allow)

    @property
    def wants_weights(self) -> bool:
        """Whether the profile was named: who names the embedded model wants it, weights and all."""
        return self.options.profile == self.profile.name

    @property
    def is_first_start(self) -> bool:
        """Whether nothing is at hand but the model on this machine, without its weights, and nothing was said yet."""
        if not isinstance(self.profile.place, Embedded) or self.wants_weights or self.config.default or self.found:
            return False
        return not (sessions.newest(self.paths.sessions) or embedded.has_weights(self.paths.models))

    def ask(self, question: str) -> str:
        """What whoever sits at the terminal answers, where no prompt comes; "" where nobody does."""
        if not sys.stdin.isatty():
            return ""
        plain = prompt.PlainPrompt(sys.stdin, self.screen.notes, self.interrupts, KeyBuffer(sys.stdin))
        return plain.answer(question)


def opening(
    options: Options,
    configuration: Config,
    paths: Paths,
    env: Mapping[str, str],
    screen: Screen,
    prompt: "PromptFile | None" = None,
) -> Opening:
    """What the command line asks for, with what is at hand. What a prompt file sets goes below the flags; where the
    chat goes on behind its question it is not for the whole session, unless it is a persona."""
    begins = prompt if prompt and (prompt.is_persona or not options.interactive) else None
    options = options.asking(begins.profile, begins.model) if begins else options
    found = _found(options, paths, screen)
    chosen = profile(options, configuration, env, screen, found.state.who if found else {}, begins)
    if chosen.by_hand:  # to come back to, by the name it is shown with
        configuration = configuration._replace(profiles={**configuration.profiles, chosen.name: chosen})
    return Opening(options, configuration, paths, env, screen, chosen, found, Interrupts(), prompt)


def _found(options: Options, paths: Paths, screen: Screen) -> Transcript | None:
    """The session to go on with, if that is asked for."""
    path = None
    if options.resume is not None:
        path = cli.chosen_session(options.resume, paths.sessions, screen).path
    elif options.go_on:
        path = sessions.newest(paths.sessions)
        if not path:
            screen.say("There is no session to continue yet; this is the first one.", "dim")
    if not path:
        return None
    folder = None if options.ephemeral else paths.sessions
    return sessions.take_up(path, folder, lambda told: screen.say(told, "warning"), screen.error)


def profile(
    options: Options,
    configuration: Config,
    env: Mapping[str, str],
    screen: Screen,
    who: Mapping[str, str],
    prompt: "PromptFile | None" = None,
) -> Profile:
    """The profile to begin with: that of the session which goes on, ``who`` it talked to, else the one that is chosen;
    changed by the prompt file, and above that by the flags."""
    known = None
    if (replay := options.played) and not options.profile:
        known = choosing.recorded_profile(replay, options.dialect)
    elif who and not options.names_whom:
        known = recalled(configuration, who)
    found = known or choosing.choose(configuration, env, options.profile, options.dialect, options.base_url)
    if who and not known and not options.names_whom:
        screen.say(f"The session {_lost(configuration, who)}; it goes on with {found.name}.", "warning")
    if not known and not configuration.default and not options.names_whom and found.name in choosing.ON_THIS_MACHINE:
        where = urls.origin(config.address(found, env))
        screen.say(f"No profile was named: {found.name} is asked, which answers at {where}.", "dim")
    found = configuration.with_model(found, options.model) if options.model and "," not in options.model else found
    if prompt:
        found = replace(chat.prompt_files.as_it_says(found, prompt), system=prompt.system or found.system)
    return _changed(found, options)


def _lost(configuration: Config, who: Mapping[str, str]) -> str:
    """Why a session does not go on with whom it talked to."""
    if not (name := who.get("profile", "")):
        return "names no profile"
    if name in configuration.profiles:
        return f"names another address than the profile {name}, whose key does not go there"
    return f"used the profile {name}, which is not there"


def _changed(found: Profile, options: Options) -> Profile:
    """The profile as the flags want it."""
    parameters = with_options(found.options, options.option)
    system = found.system if options.system is None else config.settings.text_or_file(options.system)
    return replace(found, system=system, options=parameters, search=found.search or options.search)


def with_options(parameters: Mapping[str, Any], pairs: Sequence[str]) -> dict[str, Any]:
    """The parameters of a request with those that the flags name."""
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise CommandError(f"-o takes KEY=VALUE, not {pair!r}", "For example: -o temperature=0.2")
        parameters = config.settings.with_option(parameters, key.strip(), value)
    return dict(parameters)
